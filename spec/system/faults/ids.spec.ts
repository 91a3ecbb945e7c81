import { ManualClock } from 'express-esql-async-query/test-kit'
import type { Cluster, Fault } from '../../support/cluster'
import { refusal, startCluster } from '../../support/cluster'
import type { ElasticsearchGateway } from '../../support/elasticsearch-gateway'
import { startElasticsearchGateway, TRANSPORTS } from '../../support/elasticsearch-gateway'

/** The same answer with its first two fields in the other order. */
const stateFirst = (served: Buffer): string =>
  served.toString().replace(/^\{("id":"[^"]*"),("is_running":\w+),/, '{$2,$1,')
const idLater = (served: Buffer): string =>
  served.toString().replace(/^\{("id":"[^"]*"),("is_running":\w+),/, '{$2,"took":1,$1,')
const idLast = (served: Buffer): string => served.toString().replace(/^\{("id":"[^"]*"),(.*)\}$/, '{$2,$1}')
const yamlStateFirst = (served: Buffer): string =>
  served.toString().replace(/^(---\n)(id: .*\n)(is_running: .*\n)/, '$1$3$2')
const spelledOut = (served: Buffer): string => served.toString().replace('"id"', '"\\u0069d"')

const headers = (type: string | undefined) => ({ 'content-type': type })
const withoutId = { 'x-elasticsearch-async-id': undefined }

const LOOKS: readonly (readonly [string, string, Fault])[] = [
  ['has no content type', 'json', { kind: 'replace', headers: headers(undefined) }],
  ['is text/json', 'json', { kind: 'replace', headers: headers('text/json') }],
  ['is JSON called text/plain', 'json', { kind: 'replace', headers: headers('text/plain') }],
  ['is JSON called CSV', 'json', { kind: 'replace', headers: headers('text/csv; charset=utf-8') }],
  ['is problem+json', 'json', { kind: 'replace', headers: headers('application/problem+json') }],
  ['is YAML without a type', 'yaml', { kind: 'replace', headers: headers(undefined) }],
  ['is YAML called text/yaml', 'yaml', { kind: 'replace', headers: headers('text/yaml') }],
  ['is CBOR without a type', 'cbor', { kind: 'replace', headers: headers(undefined) }],
  ['is SMILE without a type', 'smile', { kind: 'replace', headers: headers('application/octet-stream') }],
  ['has its state first', 'json', { kind: 'replace', body: stateFirst }],
  ['has its id later', 'json', { kind: 'replace', body: idLater }],
  ['has its id last', 'json', { kind: 'replace', body: idLast }],
  ['has its state first, in YAML', 'yaml', { kind: 'replace', body: yamlStateFirst }],
  ['spells the name of its id out', 'json', { kind: 'replace', body: spelledOut }],
]

describe.each(TRANSPORTS)('the id of a query in a cluster reached by %s', (transport) => {
  let cluster: Cluster
  let gateway: ElasticsearchGateway

  beforeEach(async () => {
    cluster = await startCluster({ clock: new ManualClock() })
    // Content types of these answers are not those of the document.
    gateway = await startElasticsearchGateway(transport, cluster.url, { isDocumented: false })
  })
  afterEach(async () => {
    await gateway.close()
    await cluster.close()
  })

  const submit = (format: string) =>
    gateway.alice(`POST /_query/async?format=${format}`, {
      body: { query: 'RUN', wait_for_completion_timeout: '0s' },
    })

  const bareId = () => cluster.query.id.replace(/=+$/, '')

  it.each(LOOKS)('never reaches a client when the answer %s', async (_name, format, fault) => {
    cluster.inject('submit', fault)
    const submitted = await submit(format)
    expect(submitted.body.includes(bareId())).toBe(false)
    // Either the client can go on with the query, or it does not run.
    const isKnown = submitted.headers['x-elasticsearch-async-id'] !== undefined
    expect([isKnown, cluster.running.length]).toEqual(submitted.status === 200 ? [true, 1] : [false, 0])

    const id = (await submit('json')).headers['x-elasticsearch-async-id']
    cluster.inject('get', fault)
    const got = await gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=0s&format=${format}`)
    expect([got.body.includes(bareId()), cluster.query.state]).toEqual([false, 'running'])
  })

  it.each(LOOKS)('is not needed in a header when the answer %s', async (_name, format, fault) => {
    const own = fault.kind === 'replace' ? fault.headers : {}
    cluster.inject('submit', { ...fault, headers: { ...own, ...withoutId } } as Fault)
    const { status, body, headers: answered } = await submit(format)
    const isKnown = answered['x-elasticsearch-async-id'] !== undefined
    expect([body.includes(bareId()), isKnown]).toEqual([false, status === 200])
  })

  it('is known to the client where the answer has it in a header alone', async () => {
    cluster.inject('submit', { kind: 'replace', body: '{"is_running":true,"columns":[],"values":[]}' })
    const { status, headers: answered } = await submit('json')
    const id = answered['x-elasticsearch-async-id']
    expect([status, answered['x-elasticsearch-async-is-running']]).toEqual([200, '?1'])
    const got = await gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=0s`)
    expect(got.json).toMatchObject({ id, is_running: true })
  })

  it.each(['', '==', '%3D%3D'])(
    'is hidden in the errors of submits and gets, also before %j',
    async (end) => {
      const id = (await submit('json')).headers['x-elasticsearch-async-id']
      const other = (await submit('json')).headers['x-elasticsearch-async-id']
      const [first, second] = cluster.queries.map((query) => query.id.replace(/=+$/, ''))
      const reason = `cannot store [${first}${end}] next to [/_query/async/${second}${end}]`
      for (const status of [400, 429, 500]) {
        const fault = refusal(status, { type: 'exception', reason })
        cluster.inject('submit', fault)
        cluster.inject('get', fault)
        const refused = await submit('json')
        const failed = await gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=0s`)
        for (const { status: answered, text } of [refused, failed]) {
          expect([answered, text.includes(`${first}`), text.includes(`${second}`)]).toEqual([
            status,
            false,
            false,
          ])
        }
        expect([failed.text.includes(`${id}`), failed.text.includes(`${other}`)]).toEqual([true, false])
      }
    },
  )
})
