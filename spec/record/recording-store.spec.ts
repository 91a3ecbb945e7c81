import { ManualClock } from 'express-esql-async-query/test-kit'
import { readCatalogue } from '../../lib/catalogue/read-catalogue'
import type { Owner } from '../../lib/core/caller'
import { nextTurn } from '../../lib/core/turns'
import type { Cluster } from '../support/cluster'
import { FAILURE, startCluster, TABLE, WARNING } from '../support/cluster'
import type { Recorder } from '../support/recordings'
import { RecordingFolder, startRecorder } from '../support/recordings'

const ALICE = 'alice' as Owner
const MALLORY = 'mallory' as Owner
const AT_ONCE = { waitForCompletionTimeoutMs: 0, keepAliveMs: 60_000, keepOnCompletion: true }
const NOW = { waitForCompletionTimeoutMs: 0 }
const COUNTERS = {
  documents_found: 0,
  values_loaded: 0,
  rows_emitted: 0,
  bytes_read: 0,
  read_nanos: 0,
  cpu_nanos: 0,
}
const COLUMNS = TABLE.columns
/** As `JSON.parse` reads it. */
const VALUES = [
  [Number(9007199254740993n), 'one, "1"', null],
  [2, 'twö', null],
]
const RESPONSE = { took: expect.any(Number), ...COUNTERS, columns: COLUMNS, values: VALUES }

/** Resolves when the assertion holds. The test's own time limit ends it. */
async function eventually(assertion: () => void): Promise<void> {
  for (;;) {
    try {
      return assertion()
    } catch {
      await nextTurn()
    }
  }
}

describe('a recording', () => {
  let cluster: Cluster
  let folder: RecordingFolder
  let recorder: Recorder

  beforeEach(async () => {
    cluster = await startCluster()
    folder = new RecordingFolder()
    recorder = startRecorder(cluster.url, folder.file)
  })
  afterEach(async () => {
    await recorder.close()
    await cluster.close()
    folder.remove()
  })

  const begin = async (query: string): Promise<string> => {
    const submitted = await recorder.store.submit({ query }, ALICE, AT_ONCE)
    return submitted.id ?? ''
  }

  it('has what a submit shows: results with warnings, and failures', async () => {
    await recorder.store.submit({ query: 'WARN', params: [{ value: 2n ** 63n }] }, ALICE, AT_ONCE)
    await expect(recorder.store.submit({ query: 'FAIL' }, ALICE, AT_ONCE)).rejects.toThrow(FAILURE.reason)
    expect(await recorder.close()).toBe('2 queries recorded, 1 failure')
    expect(folder.queries).toEqual([
      {
        query: 'FAIL',
        response: { error: { type: FAILURE.type, reason: FAILURE.reason }, status: 400 },
      },
      { query: 'WARN', params: [Number(2n ** 63n)], response: { ...RESPONSE, warnings: [WARNING] } },
    ])
    expect(folder.text).toContain('"params": [9223372036854775808]')
    expect(folder.text).toContain('\n          [9007199254740993,"one, \\"1\\"",null],\n')
  })

  it.each(['', ' ', '" ', '\\', '\\" 299 Elasticsearch-1 "x"', '50 %41', 'zwölf → 12\n', '\u0000'])(
    'has a warning as it was: %j',
    async (warning) => {
      const id = await begin('RUN')
      cluster.query.warnings.push(warning)
      cluster.query.complete(TABLE)
      await recorder.store.get(id, ALICE, NOW)
      expect(await recorder.close()).toBe('1 query recorded')
      expect(folder.queries[0]?.response).toEqual({ ...RESPONSE, warnings: [warning] })
      expect(readCatalogue(folder.file).entries[0]?.outcomes).toEqual([
        expect.objectContaining({ warnings: [warning] }),
      ])
    },
  )

  it('has what a get shows, once, however often and by whomever it is asked', async () => {
    const id = await begin('RUN')
    await recorder.store.get(id, ALICE, NOW)
    expect(await recorder.store.get(id, MALLORY, NOW)).toBeUndefined()
    cluster.query.complete(TABLE)
    await recorder.store.get(id, MALLORY, NOW)
    await recorder.store.get(id, ALICE, NOW)
    await recorder.store.get(id, ALICE, NOW)
    expect(await recorder.close()).toBe('1 query recorded')
    expect(folder.queries).toEqual([
      { query: 'RUN', delay: expect.stringMatching(/^\d+ms$/), response: RESPONSE },
    ])
  })

  it('has the rows of a stop, and the result of another time that was not stopped', async () => {
    const id = await begin('RUN')
    cluster.query.report({ ...TABLE, values: TABLE.values.slice(1) })
    const waiting = recorder.store.get(id, ALICE, { waitForCompletionTimeoutMs: 60_000 })
    await recorder.store.stop(id, ALICE)
    await waiting
    const partial = { ...RESPONSE, is_partial: true, values: VALUES.slice(1) }
    expect(folder.queries).toEqual([
      { query: 'RUN', delay: expect.any(String), partial_values: VALUES.slice(1), response: partial },
    ])
    await begin('RUN')
    cluster.query.complete(TABLE)
    expect(await recorder.close()).toBe('1 query recorded')
    expect(folder.queries).toEqual([
      { query: 'RUN', delay: expect.any(String), partial_values: VALUES.slice(1), response: RESPONSE },
    ])
  })

  it('has results that nobody has seen, and says what it has not', async () => {
    const [deleted, unseen] = [await begin('RUN a'), await begin('RUN b')]
    const [early] = [await begin('RUN c'), await begin('RUN d'), await begin('RUN e')]
    for (const query of cluster.queries.slice(1, 2)) query.complete(TABLE)
    cluster.queries[2]?.complete(TABLE)
    await recorder.store.delete(early ?? '', ALICE)
    await recorder.store.delete(deleted, ALICE)
    expect(unseen).toMatch(/./)
    const gone = cluster.queries[4]
    if (gone) cluster.forget(gone)
    expect(await recorder.close()).toBe(
      [
        '2 queries recorded, 1 deleted before its end (left out), 1 still running (left out), ' +
          '1 not to be found any more (left out)',
        'left out, deleted before its end: RUN a',
        'left out, still running: RUN d',
        'left out, not to be found any more: RUN e',
      ].join('\n  '),
    )
    expect(folder.queries.map(({ query }) => query)).toEqual(['RUN b', 'RUN c'])
  })

  it('lists queries whose end nobody has seen, to their owner, if the cluster says that they run', async () => {
    const [id, ended] = [await begin('RUN'), await begin('RUN b'), await begin('RUN c')]
    cluster.queries[1]?.complete(TABLE)
    cluster.queries[2]?.fail({ ...FAILURE, status: 400 })
    const listed = {
      ...{ id, query: 'RUN', startTimeMs: expect.any(Number), runningTimeNanos: expect.any(Number) },
      ...{ documentsFound: 0, valuesLoaded: 0 },
    }
    expect(await recorder.store.list(ALICE)).toEqual([listed])
    expect(await recorder.store.list(ALICE, { id: id.replace(/=+$/, '') })).toEqual([listed])
    expect(await recorder.store.list(ALICE, { id: ended })).toEqual([])
    expect(await recorder.store.list(MALLORY)).toEqual([])
    expect(await recorder.store.list(MALLORY, { id, anyOwner: true })).toEqual([listed])
    expect(folder.queries.map(({ query }) => query)).toEqual(['RUN b', 'RUN c'])
    cluster.inject('get', { kind: 'answer', status: 503, body: 'down' })
    await expect(recorder.store.list(ALICE)).rejects.toThrow('the cluster')
  })

  it('has results that nobody has come for, before they expire', async () => {
    const clock = new ManualClock()
    await recorder.close()
    recorder = startRecorder(cluster.url, folder.file, { clock })
    await begin('RUN a')
    await begin('RUN b')
    const [first, second] = cluster.queries
    first?.complete(TABLE)
    await clock.advance(45_000)
    await eventually(() => expect(recorder.progress).toEqual(['recorded (2 rows): RUN a']))
    second?.complete(TABLE)
    await clock.advance(11_250)
    await eventually(() => expect(recorder.progress).toHaveLength(2))
    for (const query of cluster.queries) cluster.forget(query)
    expect(await recorder.close()).toBe('2 queries recorded')
  })

  it('leaves out what tells of the cluster alone', async () => {
    cluster.inject('submit', { kind: 'answer', status: 503, body: 'down' })
    await expect(recorder.store.submit({ query: 'FROM a' }, ALICE, AT_ONCE)).rejects.toThrow()
    expect(await recorder.close()).toBe(
      '0 queries recorded, 1 the cluster was not available (left out)\n  left out, the cluster was not available: FROM a',
    )
    expect(folder.names).toEqual([])
  })
})
