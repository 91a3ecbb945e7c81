import type { Double, Redaction } from 'express-esql-async-query/double'
import { startDouble } from 'express-esql-async-query/double'
import type { QueryResult, Rows, Value } from '../../lib/core/result'
import type { Cluster } from '../support/cluster'
import { API_KEY, startCluster } from '../support/cluster'
import { Asker } from '../support/double'
import { leaveCi, RecordingFolder } from '../support/recordings'

/** Every secret has this in it, however it is written, but for numbers. */
const PLANTED = /planted/i
const NUMBERS = [987654321987654321n, 1234512345]

const COLUMNS: QueryResult['columns'] = [
  { name: 'email', type: 'keyword' },
  { name: 'user.name', type: 'text' },
  { name: 'user.number', type: 'long' },
  { name: 'payload', type: 'flattened' },
  { name: 'salary', type: 'double' },
  { name: 'seen', type: 'keyword' },
]

const row = (index: number): Value[] => [
  [`planted-${index}@example.com`, `planted-${index + 1}@example.com`],
  `Planted ${index}`,
  NUMBERS[0] ?? 0,
  { secret: { deep: `planted ${index}` } },
  NUMBERS[1] ?? 0,
  'visible',
]

const REDACTION: Redaction = {
  columns: { email: 'mask', 'user.*': 'hash', payload: 'null', salary: 'mask' },
  params: (params, { hash }) =>
    params.map((param) => hash(JSON.stringify(param, (_, value) => String(value)))),
  entry: ({ filter, ...entry }) => ({
    ...entry,
    query: entry.query.replace(/"[^"]*"/g, '"***"'),
    ...(filter && { filter: { redacted: true } }),
  }),
}

describe('a recording in every byte of every file', () => {
  let cluster: Cluster
  let folder: RecordingFolder
  let double: Double
  let returnToCi: () => void

  beforeEach(async () => {
    returnToCi = leaveCi()
    cluster = await startCluster({
      execute(query) {
        const { query: text } = query.submitted
        const table = (values: Rows): QueryResult => ({
          columns: COLUMNS,
          values,
          profile: { drivers: [{ node_name: 'planted-node' }] },
          clusters: { details: { planted: {} } },
        })
        if (text.startsWith('FROM fails')) {
          query.fail({
            status: 400,
            type: 'illegal_argument_exception',
            reason:
              `[planted-node][10.1.2.3:9300][indices:data/read/esql] cannot read [planted-param] of ${NUMBERS[0]} ` +
              `for query ${query.id} in task AbCdEfGhIjKlMnOpQrStUv:4711`,
            metadata: { node: 'planted-node', node_id: 'planted-id', index: 'books' },
          })
        }
        query.warnings.push('Line 1:6: java.lang.NumberFormatException: Cannot parse number [planted-unseen]')
        query.warnings.push('Line 1:8: the value planted-1@example.com is odd')
        query.report(table([row(1)]))
        if (!text.startsWith('FROM slow')) {
          query.complete(
            table(
              Array.from({ length: text.startsWith('FROM large') ? 4_000 : 3 }, (_, index) => row(index)),
            ),
          )
        }
      },
    })
    folder = new RecordingFolder()
    double = await startDouble({
      catalogue: folder.file,
      record: { mode: 'new', url: cluster.url, apiKey: API_KEY.encoded, redact: REDACTION },
    })
  })
  afterEach(async () => {
    await double.close()
    await cluster.close()
    folder.remove()
    returnToCi()
  })

  it('has no token, header, id, name of a node or redacted value', async () => {
    const token = 'planted-token-of-a-client'
    const alice = new Asker(double.url, {
      authorization: `Bearer ${token}`,
      'x-opaque-id': 'planted-opaque',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      cookie: 'session=planted',
    })
    const ids: string[] = []
    const asked = {
      params: [{ who: 'planted-param' }, { number: Number(NUMBERS[1]) }],
      filter: { term: { email: 'planted-filter@example.com' } },
      profile: true,
    }
    await alice.submit('FROM books | WHERE email == "planted-literal"', asked)
    await alice.submit('FROM large', asked)
    ids.push(await alice.begin('FROM slow', asked))
    await alice.stop(ids[0] ?? '')
    await alice.submit('FROM fails', asked)
    ids.push(await alice.begin('FROM slow fails late', asked))
    cluster.query.fail({ status: 500, type: 'exception', reason: `planted-param broke ${ids[1]}` })
    await alice.get(ids[1] ?? '')
    await double.close()

    const { bytes } = folder
    expect(folder.queries.map(({ query }) => query)).toEqual([
      'FROM books | WHERE email == "***"',
      'FROM fails',
      'FROM large',
      'FROM slow',
      'FROM slow fails late',
    ])
    expect(folder.names).toHaveLength(2)
    expect(bytes.match(new RegExp(`.{0,60}${PLANTED.source}.{0,60}`, 'gi'))).toBeNull()
    const secrets = [
      ...ids,
      ...cluster.queries.map(({ id }) => id),
      API_KEY.encoded,
      '10.1.2.3',
      '0af7651916cd43dd',
    ]
    const forms = [
      ...secrets,
      ...secrets.map((secret) => secret.replace(/=+$/, '')),
      ...NUMBERS.map(String),
      'OpQrStUv:4711',
    ]
    expect(forms.filter((form) => bytes.includes(form))).toEqual([])
    expect(bytes).toContain('visible')
  })

  it('has equal hashes for equal values, also after another recording', async () => {
    const hashes = () => [...folder.bytes.matchAll(/"((?!\*)[0-9a-f]{16})"/g)].map(([, hash]) => hash).sort()
    await new Asker(double.url).submit('FROM books')
    await double.close()
    const first = hashes()
    expect(first).toHaveLength(3)
    expect(new Set(first).size).toBe(3)
    const { text } = folder
    double = await startDouble({
      catalogue: folder.file,
      record: { mode: 'update', url: cluster.url, apiKey: API_KEY.encoded, redact: REDACTION },
    })
    await new Asker(double.url).submit('FROM books')
    await double.close()
    expect(folder.text).toBe(text)
  })
})
