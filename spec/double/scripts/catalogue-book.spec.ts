import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Double, DoubleOptions } from 'express-esql-async-query/double'
import { Asker, startCheckedDouble, TABLE } from '../../support/double'

describe('a double with a catalogue', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'double-'))
  const doubles: Double[] = []
  const start = async (queries: object[], options: DoubleOptions = {}) => {
    const catalogue = path.join(folder, 'queries.json')
    writeFileSync(catalogue, JSON.stringify({ version: 2, queries }))
    const double = await startCheckedDouble({ catalogue, clock: 'manual', ...options })
    doubles.push(double)
    return double
  }
  afterEach(() => Promise.all(doubles.splice(0).map((double) => double.close())))
  afterAll(() => rmSync(folder, { recursive: true }))

  const slow = { query: 'FROM a', delay: '3s', partial_values: [['a']], response: TABLE }

  it('answers its queries at once, whatever their delay', async () => {
    const double = await start([slow])
    expect((await new Asker(double.url).submit('FROM a')).json.values).toEqual(TABLE.values)
  })

  it('keeps recorded delays on demand, with the rows that a stop keeps', async () => {
    const double = await start([slow], { delays: 'recorded' })
    const alice = new Asker(double.url)
    const id = await alice.begin('FROM a')
    expect((await alice.stop(id)).json.values).toEqual([['a']])
    const waiting = alice.submit('FROM a', { wait_for_completion_timeout: '1m' })
    await double.waiting(1)
    await double.advance('3s')
    expect((await waiting).json.values).toEqual(TABLE.values)
  })

  it('gives the answers of an entry one after the other, and again after a reset', async () => {
    const failure = { error: { type: 'verification_exception', reason: 'no' }, status: 400 }
    const double = await start([{ query: 'FROM a', responses: [failure, TABLE] }])
    const alice = new Asker(double.url)
    const statuses = async () => [
      (await alice.submit('FROM a')).status,
      (await alice.submit('FROM a')).status,
    ]
    expect(await statuses()).toEqual([400, 200])
    double.reset()
    expect(await statuses()).toEqual([400, 200])
  })

  it('keeps a query no longer than its entry says', async () => {
    const double = await start([{ ...slow, keep_alive: '1m' }])
    const alice = new Asker(double.url)
    const id = await alice.begin('FROM a', { keep_alive: '1d' })
    await double.advance('1m')
    expect((await alice.get(id)).status).toBe(404)
  })

  it('asks scripts first, and names its own queries too where none is known', async () => {
    const double = await start([slow])
    const alice = new Asker(double.url)
    double
      .on('FROM a')
      .once()
      .completes({ ...TABLE, values: [] })
    expect([(await alice.submit('FROM a')).json.values, (await alice.submit('FROM a')).json.values]).toEqual([
      [],
      TABLE.values,
    ])
    expect((await alice.submit('FROM b')).json.error.reason).toContain('known: FROM a')
  })

  it('does not start with a fault in the file', async () => {
    await expect(start([{ query: 'FROM a' }])).rejects.toThrow('queries.json: queries[0]')
  })
})
