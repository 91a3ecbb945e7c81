import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { readSampleCatalogue } from '../../lib/sample/catalogue'
import { lineLogger } from '../../lib/server/line-logger'
import { LiveCatalogue } from '../../lib/server/live-catalogue'
import { ManualClock } from '../../lib/test-kit/manual-clock'

const empty = { columns: [], values: [] }

describe('a catalogue that is watched', () => {
  let folder: string
  let live: LiveCatalogue
  let clock: ManualClock
  let lines: object[] = []

  const at = (name: string) => path.join(folder, name)
  const write = (name: string, content: object) => writeFileSync(at(name), JSON.stringify(content))
  const known = () => live.queries.map(({ usage }) => usage)
  /** What the log says after a look at the files. */
  const look = async () => {
    await clock.advance(250)
    return lines.splice(0)
  }
  const again = expect.objectContaining({ level: 'info', message: 'read the catalogue again' })
  const fault = (text: string) =>
    expect.objectContaining({
      level: 'error',
      message: 'the catalogue has a fault; its queries stay as they were',
      fault: `${at('queries.json')}: ${text}`,
    })

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'live-'))
    write('big.json', empty)
    write('queries.json', { queries: [{ query: 'FROM a', response_file: 'big.json' }] })
    lines = []
    clock = new ManualClock()
    const logger = lineLogger('info', (line) => lines.push(JSON.parse(line)))
    const { queries, files } = readSampleCatalogue(at('queries.json'))
    live = new LiveCatalogue({ queries, watchedFiles: files }, logger, clock)
  })

  afterEach(() => {
    live.close()
    expect(clock.pendingTimers).toBe(0)
    rmSync(folder, { recursive: true })
  })

  it('is not read while its files stay', async () => {
    expect([await look(), await look(), known()]).toEqual([[], [], ['FROM a']])
  })

  it('stays when its file cannot be looked at, and is read again when it can', async () => {
    rmSync(at('queries.json'))
    symlinkSync('queries.json', at('queries.json'))
    const unreadable = fault(`ELOOP: too many symbolic links encountered, open '${at('queries.json')}'`)
    expect([await look(), await look(), known()]).toEqual([[unreadable], [], ['FROM a']])
    rmSync(at('queries.json'))
    write('queries.json', { queries: [{ query: 'FROM b', response: empty }] })
    expect([await look(), known()]).toEqual([[again], ['FROM b']])
  })

  it('is read again when its file changes', async () => {
    write('queries.json', { queries: [{ query: 'FROM b', response: empty }] })
    expect([await look(), await look(), known()]).toEqual([[again], [], ['FROM b']])
  })

  it('is read again when the file of a response changes', async () => {
    write('big.json', { error: { type: 'parsing_exception', reason: 'no' } })
    expect(await look()).toEqual([again])
    const run = { request: { query: '' }, signal: new AbortController().signal, report() {}, clock }
    await expect(live.queries[0]?.answer([], run)).rejects.toThrow('no')
  })

  it('stays as it was when its file has a fault, and says once why', async () => {
    write('queries.json', { queries: [{ query: 'FROM b' }] })
    const text = 'queries[0] must have exactly one of `response`, `responses` and `response_file`'
    expect([await look(), await look(), known()]).toEqual([[fault(text)], [], ['FROM a']])
    write('queries.json', { queries: [{ query: 'FROM c', response: empty }] })
    expect([await look(), known()]).toEqual([[again], ['FROM c']])
  })

  it('stays as it was while a file is missing', async () => {
    write('queries.json', { queries: [{ query: 'FROM b', response_file: 'new.json' }] })
    expect(await look()).toEqual([
      fault(
        `queries[0].response_file: new.json: ENOENT: no such file or directory, open '${at('new.json')}'`,
      ),
    ])
    rmSync(at('queries.json'))
    expect(await look()).toEqual([fault(`ENOENT: no such file or directory, open '${at('queries.json')}'`)])
    expect(known()).toEqual(['FROM a'])
    write('queries.json', { queries: [{ query: 'FROM back', response_file: 'new.json' }] })
    await look()
    write('new.json', empty)
    expect([await look(), known()]).toEqual([[again], ['FROM back']])
    write('new.json', { ...empty, took: 1 })
    expect(await look()).toEqual([again])
  })
})
