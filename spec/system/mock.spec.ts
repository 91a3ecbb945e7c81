import { Client } from '@elastic/elasticsearch'
import type { LinkObject } from '../support/api-document'
import { apiSpec } from '../support/api-document'
import type { MockServer } from '../support/mock-server'
import { startMockServer } from '../support/mock-server'

const operations = Object.values(apiSpec.paths).flatMap((pathItem) =>
  Object.values(pathItem).flatMap((operation) => (operation?.operationId ? [operation] : [])),
)

describe('a mock server made of api-spec.yaml', () => {
  let mock: MockServer
  let client: Client

  beforeAll(async () => {
    mock = await startMockServer()
    client = new Client({ node: mock.url, auth: { bearer: 'x' }, maxRetries: 0 })
  })
  afterAll(async () => {
    await client.close()
    mock.close()
  })

  it('lets a client poll to the end', async () => {
    const submitted = await client.esql.asyncQuery({ query: 'FROM library | LIMIT 5' })
    expect(submitted).toMatchObject({ is_running: true, values: [] })
    const id = String(submitted.id)
    expect(Object.keys((await client.esql.listQueries()).queries)).toEqual([id])
    expect(await client.esql.getQuery({ id })).toMatchObject({ query: 'FROM library | LIMIT 5' })
    const got = await client.esql.asyncQueryGet({ id })
    expect(got).toMatchObject({
      is_running: false,
      columns: [{ name: 'title' }, { name: 'pages' }],
      values: [
        ['Dune', 604],
        ['Exhalation', null],
      ],
    })
    expect(await client.esql.query({ query: 'FROM library | LIMIT 5' })).toMatchObject({ values: got.values })
  })

  it('tells the state in headers too', async () => {
    const states = await Promise.all([
      client.esql.asyncQuery({ query: 'FROM library' }, { meta: true }),
      client.esql.asyncQueryGet({ id: 'x' }, { meta: true }),
      client.esql.asyncQueryStop({ id: 'x' }, { meta: true }),
    ])
    expect(states.map(({ headers }) => headers['x-elasticsearch-async-is-running'])).toEqual([
      '?1',
      '?0',
      '?0',
    ])
  })

  it('stops and deletes', async () => {
    const { id } = await client.esql.asyncQuery({ query: 'FROM library' })
    expect(await client.esql.asyncQueryStop({ id: String(id) })).toMatchObject({ id, is_partial: true })
    expect(await client.esql.asyncQueryDelete({ id: String(id) })).toEqual({ acknowledged: true })
  })

  it('is what official clients talk to', async () => {
    expect(await client.info()).toMatchObject({ tagline: 'You Know, for Search' })
    expect(await client.ping()).toBe(true)
  })
})

describe('the links of api-spec.yaml', () => {
  const links = operations.flatMap(({ operationId = '', responses }) =>
    Object.entries(responses[200]?.links ?? {}).map(([name, link]) => ({ from: operationId, name, link })),
  )

  it('lead from an answer with an id to what can be done with it', () => {
    expect(links.map(({ from, name, link }) => [from, name, link.operationId])).toEqual(
      ['esql-async-query', 'esql-async-query-get', 'esql-async-query-stop'].flatMap((from) =>
        [
          ['get', 'esql-async-query-get'],
          ['stop', 'esql-async-query-stop'],
          ['delete', 'esql-async-query-delete'],
          ['show', 'esql-get-query'],
        ]
          .filter(([name]) => from !== 'esql-async-query-stop' || name === 'get' || name === 'delete')
          .map((link) => [from, ...link]),
      ),
    )
  })

  it('take each parameter from a header that the answer has', () => {
    const missing = links.filter(
      ({ from, link }) => !sourcesOf(link).every((header) => headersOf(from).includes(header)),
    )
    expect(missing).toEqual([])
  })

  const sourcesOf = ({ parameters }: LinkObject) =>
    Object.values(parameters).map((expression) => expression.replace(/^\$response\.header\./, ''))
  const headersOf = (id: string) =>
    Object.keys(operations.find(({ operationId }) => operationId === id)?.responses[200]?.headers ?? {})
})
