/** @jest-environment node */

import { existsSync, writeFileSync } from 'node:fs'
import type { Double, DoubleOptions, RecordOptions } from 'express-esql-async-query/double'
import { startDouble } from 'express-esql-async-query/double'
import type { Value } from '../../lib/core/result'
import { nextTurn } from '../../lib/core/turns'
import type { HttpDouble } from '../../lib/double/double'
import type { RedactionTools } from '../../lib/record/redaction'
import type { Cluster } from '../support/cluster'
import { API_KEY, startCluster, TABLE } from '../support/cluster'
import { Asker } from '../support/double'
import { leaveCi, RecordingFolder } from '../support/recordings'

describe('a double that records', () => {
  let cluster: Cluster
  let folder: RecordingFolder
  const doubles: Double[] = []
  let returnToCi: () => void

  beforeEach(async () => {
    returnToCi = leaveCi()
    cluster = await startCluster()
    folder = new RecordingFolder()
  })
  afterEach(async () => {
    await Promise.all(doubles.splice(0).map((double) => double.close()))
    await cluster.close()
    folder.remove()
    returnToCi()
  })

  const start = async (record: RecordOptions, options: DoubleOptions = {}): Promise<Double> => {
    const double = await startDouble({
      catalogue: folder.file,
      record: { url: cluster.url, apiKey: API_KEY.encoded, ...record },
      ...options,
    })
    doubles.push(double)
    return double
  }
  const entry = (query: string, cell: string) => ({
    query,
    response: { columns: [{ name: 'a', type: 'keyword' }], values: [[cell]] },
  })

  it('asks the cluster what neither scripts nor the catalogue know, and knows it later', async () => {
    writeFileSync(folder.file, JSON.stringify({ version: 2, queries: [entry('FROM known', 'old')] }))
    const double = await start({ mode: 'new' })
    double.on('FROM script').completes({ columns: [{ name: 'a', type: 'keyword' }], values: [['scripted']] })
    const alice = new Asker(double.url)
    const cells = async (url: string, query: string) => (await new Asker(url).submit(query)).json.values
    expect(await cells(double.url, 'FROM known')).toEqual([['old']])
    expect(await cells(double.url, 'FROM script')).toEqual([['scripted']])
    expect((await alice.submit('FROM fresh')).text).toContain('9007199254740993')
    const id = await alice.begin('RUN')
    cluster.query.complete(TABLE)
    expect((await alice.get(id)).json.is_running).toBe(false)
    expect((await alice.delete(id)).status).toBe(200)
    await double.close()

    expect(cluster.queries.map(({ submitted }) => submitted.query)).toEqual(['FROM fresh', 'RUN'])
    expect(folder.queries.map(({ query }) => query)).toEqual(['FROM fresh', 'FROM known', 'RUN'])
    const replay = await start({ mode: undefined, url: undefined })
    expect((await new Asker(replay.url).submit('FROM fresh')).text).toContain('9007199254740993')
    expect(await cells(replay.url, 'FROM known')).toEqual([['old']])
    expect(cluster.requestsFor('submit')).toHaveLength(2)
  })

  it('lists what runs in the cluster beside what runs in it, to its owner', async () => {
    const double = await start({ mode: 'new' })
    double.on('FROM script').neverEnds()
    const [alice, mallory] = [new Asker(double.url), new Asker(double.url, { authorization: 'Basic bTpt' })]
    const scripted = await alice.begin('FROM script')
    const recorded = await alice.begin('RUN')
    const bare = recorded.replace(/=+$/, '')
    const listed = { start_time_millis: expect.any(Number), running_time_nanos: expect.any(Number) }
    const show = (asker: Asker, id: string) => asker.send('GET', `/_query/queries/${encodeURIComponent(id)}`)
    expect((await alice.send('GET', '/_query/queries')).json).toEqual({
      queries: {
        [scripted]: { ...listed, query: 'FROM script' },
        [recorded]: { ...listed, query: 'RUN' },
      },
    })
    for (const id of [scripted, recorded, bare]) expect((await show(alice, id)).status).toBe(200)
    expect((await show(alice, recorded)).json).toMatchObject({ query: 'RUN', documents_found: 0 })
    expect((await mallory.send('GET', '/_query/queries')).json).toEqual({ queries: {} })
    expect((await show(mallory, recorded)).status).toBe((await show(mallory, scripted)).status)
    cluster.query.complete(TABLE)
    expect((await show(alice, recorded)).status).not.toBe(200)
    expect((await alice.send('GET', '/_query/queries')).json).toEqual({
      queries: { [scripted]: { ...listed, query: 'FROM script' } },
    })
    await double.close()
    expect(folder.queries.map(({ query }) => query)).toEqual(['RUN'])
  })

  it('asks everything again that is asked of it, and keeps the rest', async () => {
    const queries = [
      entry('FROM a', 'old'),
      entry('FROM b', 'kept'),
      { ...entry('x', 'p'), pattern: 'FROM c.*' },
    ]
    delete (queries[2] as { query?: string }).query
    writeFileSync(folder.file, JSON.stringify({ version: 2, queries }))
    const double = await start({ mode: 'update' })
    await new Asker(double.url).submit('FROM a')
    await double.close()
    expect(folder.queries).toEqual([
      { query: 'FROM a', response: expect.objectContaining({ columns: TABLE.columns }) },
      entry('FROM b', 'kept'),
      { pattern: 'FROM c.*', response: queries[2]?.response },
    ])
  })

  it('redacts what is asked at replay as it was redacted when it was recorded', async () => {
    const redact = {
      columns: { name: 'hash' as const },
      params: (params: readonly unknown[], { hash }: { hash(text: string): string }) =>
        params.map((param) => hash(String(param))),
    }
    const double = await start({ mode: 'new', redact })
    await new Asker(double.url).submit('FROM a | WHERE name == ?', { params: ['alice@example.com'] })
    await double.close()
    expect(folder.bytes).not.toContain('alice@example.com')
    expect(folder.queries).toMatchObject([{ redacted: true }])
    const replay = await start({ redact })
    const asked = (params: string[]) => new Asker(replay.url).submit('FROM a | WHERE name == ?', { params })
    expect((await asked(['alice@example.com'])).status).toBe(200)
    expect((await asked(['bob@example.com'])).status).toBe(400)
  })

  it('calls the redaction of params once when it records, with the salt of the file', async () => {
    const hashes: string[] = []
    const redact = {
      params(params: readonly Value[], { hash }: RedactionTools) {
        hashes.push(hash(String(params[0])))
        return hashes.slice(-1)
      },
    }
    for (const mode of ['new', 'update']) {
      const double = await start({ mode, redact })
      await new Asker(double.url).submit('FROM a', { params: ['alice@example.com'] })
      await double.close()
    }
    const [hash] = hashes
    expect([hashes, folder.queries.map(({ params }) => params)]).toEqual([[hash, hash], [[hash]]])
  })

  it.each(['new', 'update'])(
    'says what it leaves out because the redaction fails, in mode %s',
    async (mode) => {
      writeFileSync(folder.file, JSON.stringify({ version: 2, queries: [entry('FROM known', 'old')] }))
      const warn = jest.spyOn(console, 'warn').mockImplementation(() => {})
      const redact = () => {
        throw new Error('no idea')
      }
      const double = (await start({ mode, redact })) as HttpDouble
      try {
        expect((await new Asker(double.url).submit('FROM a')).text).toContain('9007199254740993')
      } finally {
        warn.mockRestore()
      }
      await double.close()
      const summary = '0 queries recorded, 1 the redaction failed: no idea (left out)'
      expect(double.recorder?.recording.summary).toBe(
        `${summary}\n  left out, the redaction failed: no idea: a query`,
      )
      expect(folder.queries).toEqual([entry('FROM known', 'old')])
    },
  )

  it('refuses at replay what the redaction fails at, and says so', async () => {
    writeFileSync(folder.file, JSON.stringify({ version: 2, queries: [entry('FROM a', 'old')] }))
    const replay = await start({ redact: ({ query }) => ({ query: query.length as never }) })
    const { status, json } = await new Asker(replay.url).submit('FROM a')
    expect([status, json.error]).toEqual([
      400,
      expect.objectContaining({
        type: 'illegal_argument_exception',
        reason:
          'the redaction failed: the `entry` of a redaction must return an entry at once, with its `query`',
      }),
    ])
  })

  it.each<[string, RecordOptions, DoubleOptions, string, string | undefined]>([
    ['in CI', { mode: 'new' }, {}, 'startDouble does not record with CI=true', 'true'],
    ['in another mode', { mode: 'once' }, {}, "expects `mode` to be 'new', 'update' or nothing", undefined],
    ['without a cluster', { mode: 'new', url: undefined }, {}, 'needs `url` to record', undefined],
    ['without a file', { mode: 'new' }, { catalogue: undefined as never }, 'needs `catalogue`', undefined],
    ['with other credentials', { mode: 'new', apiKey: 'wrong' }, {}, 'the server cannot be asked', undefined],
    ['with another rule', { redact: { columns: { a: 'hide' as never } } }, {}, "must be 'mask'", undefined],
  ])('does not start %s', async (_how, record, options, reason, ci) => {
    if (ci !== undefined) process.env.CI = ci
    await expect(start(record, options)).rejects.toThrow(reason)
    expect(existsSync(folder.file)).toBe(false)
  })

  it('records under fake timers', async () => {
    jest.useFakeTimers()
    try {
      const double = await start({ mode: 'new' })
      const alice = new Asker(double.url)
      const submitting = alice.submit('RUN', { wait_for_completion_timeout: '10s' })
      while (cluster.queries.length === 0) await nextTurn()
      cluster.query.complete(TABLE)
      expect((await submitting).json.is_running).toBe(false)
      await double.close()
    } finally {
      jest.useRealTimers()
    }
    expect(folder.queries.map(({ query }) => query)).toEqual(['RUN'])
  })

  it('replays in CI', async () => {
    process.env.CI = 'true'
    writeFileSync(folder.file, JSON.stringify({ version: 2, queries: [entry('FROM a', 'old')] }))
    const replay = await start({ mode: '' })
    expect((await new Asker(replay.url).submit('FROM a')).json.values).toEqual([['old']])
  })
})
