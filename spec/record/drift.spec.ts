import { writeFileSync } from 'node:fs'
import { systemClock } from '../../lib/core/clock'
import type { QueryResult } from '../../lib/core/result'
import { connect } from '../../lib/record/cluster-recorder'
import type { CheckedEntry } from '../../lib/record/drift'
import { checkDrift } from '../../lib/record/drift'
import type { Cluster } from '../support/cluster'
import { execute, SERVICE_ACCOUNT, startCluster } from '../support/cluster'
import { RecordingFolder } from '../support/recordings'

const result = (...columns: string[]) => ({
  columns: columns.map((text) => {
    const [name = '', type = 'keyword'] = text.split(':')
    return { name, type }
  }),
  values: [],
})
const failure = (type: string, status: number) => ({ error: { type, reason: 'no' }, status })

/** What the cluster answers now. */
const NOW: Record<string, object> = {
  'FROM a': result('x', 'y:long'),
  'FROM fails': failure('parsing_exception', 400),
}

describe('the drift of a catalogue', () => {
  let cluster: Cluster
  let folder: RecordingFolder
  const checked = async (queries: object[], signal = new AbortController().signal): Promise<object[]> => {
    writeFileSync(folder.file, JSON.stringify({ version: 2, queries }))
    const store = connect({ url: cluster.url, authorization: SERVICE_ACCOUNT.authorization }, systemClock)
    const entries: CheckedEntry[] = []
    try {
      for await (const entry of checkDrift(folder.file, store, {
        clock: systemClock,
        signal,
        maxQueryMs: 50,
      })) {
        expect(cluster.running.length).toBe(0)
        entries.push(entry)
      }
    } finally {
      await store.close()
    }
    return entries.map(({ query: _, ms: __, ...drift }) => drift)
  }

  beforeEach(async () => {
    folder = new RecordingFolder()
    cluster = await startCluster({
      execute(query) {
        const now = NOW[query.submitted.query]
        if (now === undefined) return execute(query)
        if ('columns' in now) return query.complete(now as QueryResult)
        const { error, status } = now as ReturnType<typeof failure>
        return query.fail({ ...error, status })
      },
    })
  })
  afterEach(async () => {
    await cluster.close()
    folder.remove()
  })

  it.each<[string, object, string[]]>([
    ['the same columns', { query: 'FROM a', response: result('x', 'y:long') }, []],
    [
      'rows, which do not count',
      { query: 'FROM a', response: { ...result('x', 'y:long'), values: [['a', 1]] } },
      [],
    ],
    [
      'a column that is gone',
      { query: 'FROM a', response: result('x', 'z', 'y:long') },
      ['the column `z` is gone'],
    ],
    ['a new column', { query: 'FROM a', response: result('x') }, ['the column `y` is new, of type long']],
    [
      'a column of another type',
      { query: 'FROM a', response: result('x', 'y:integer') },
      ['the column `y` is of type long, and was integer'],
    ],
    [
      'another order',
      { query: 'FROM a', response: result('y:long', 'x') },
      ['the columns stand in another order'],
    ],
    [
      'one of several answers',
      { query: 'FROM a', responses: [failure('parsing_exception', 400), result('x', 'y:long'), result('z')] },
      [],
    ],
    [
      'a failure that is new',
      { query: 'FROM fails', response: result('x') },
      ['it fails now, with 400 parsing_exception: no'],
    ],
    [
      'a failure that is gone',
      { query: 'FROM a', response: failure('verification_exception', 400) },
      ['it does not fail any more, and did with 400 verification_exception'],
    ],
    [
      'another failure',
      { query: 'FROM fails', response: failure('illegal_state', 500) },
      ['the status is 400, and was 500', 'the error is parsing_exception, and was illegal_state'],
    ],
    ['the same failure', { query: 'FROM fails', response: failure('parsing_exception', 400) }, []],
  ])('shows in %s', async (_what, entry, changes) => {
    expect(await checked([entry])).toEqual([
      changes.length === 0 ? { outcome: 'same' } : { outcome: 'changed', changes },
    ])
    expect(cluster.queries.filter(({ state }) => state === 'running')).toEqual([])
  })

  it('is not known of what cannot be asked', async () => {
    const response = result('x')
    cluster.inject('submit', { kind: 'answer', status: 503, body: 'down' })
    const stranger = { query: 'FROM a', params: 'any', response }
    expect(
      await checked([
        { query: 'FROM a', response },
        { query: 'RUN', response },
        { pattern: 'FROM .*', response },
        stranger,
        { query: 'FROM b', params: ['***'], redacted: true, response: result('z') },
      ]),
    ).toEqual([
      { outcome: 'not asked', why: 'the cluster was not available', isFault: true },
      { outcome: 'not asked', why: 'it runs for more than 0.05 s', isFault: true },
      { outcome: 'not asked', why: 'it stands for many queries', isFault: false },
      { outcome: 'not asked', why: 'it stands for many queries', isFault: false },
      { outcome: 'not asked', why: 'its params, filter or text are redacted', isFault: false },
    ])
    expect(cluster.queries).toHaveLength(1)
    expect(cluster.running).toEqual([])
    expect(await checked([{ query: 'FROM a', response }], AbortSignal.abort('interrupted'))).toEqual([
      { outcome: 'not asked', why: 'interrupted', isFault: true },
    ])
  })
})
