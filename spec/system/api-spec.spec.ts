import type { AnySchemaObject } from 'ajv'
import express from 'express'
import { middleware } from 'express-openapi-validator'
import fc from 'fast-check'
import request from 'supertest'
import { ERROR_STATUS } from '../../lib/core/errors'
import { COLUMN_TYPES } from '../../lib/core/result'
import { parseTimeValue } from '../../lib/core/time-value'
import { createRequestValidator } from '../../lib/request/openapi'
import packageJson from '../../package.json'
import type { Content, ErrorBody, ResponseObject } from '../support/api-document'
import { API_SPEC_FILE, apiSpec, documentedErrors, rawApiSpec } from '../support/api-document'
import { closed, schemaFaults } from '../support/api-schema'
import { type Gateway, startGateway } from '../support/gateway'

const operations = Object.entries(apiSpec.paths).flatMap(([path, pathItem]) =>
  Object.entries(pathItem).flatMap(([method, operation]) =>
    operation && method !== 'parameters' ? [{ path, method, operation }] : [],
  ),
)
const { tags } = apiSpec
const titled = operations.map(
  ({ path, method, operation }) => [`${method.toUpperCase()} ${path}`, operation] as const,
)

/** Operations that need no token, and have no errors. */
const PROBES = ['health', 'ready']

/** Every object of a document, once, with its place. */
function* objectsOf(root: unknown, at = '', seen = new Set<unknown>()): Generator<[string, object]> {
  if (typeof root !== 'object' || root === null || seen.has(root)) return
  seen.add(root)
  yield [at, root]
  for (const [name, value] of Object.entries(root)) yield* objectsOf(value, `${at}/${name}`, seen)
}

describe('api-spec.yaml', () => {
  it('is an OpenAPI 3.0 document', async () => {
    const [load] = middleware({ apiSpec: API_SPEC_FILE, validateApiSpec: true, validateSecurity: false })
    const error = await new Promise((resolve) => {
      void load?.({ app: { param() {} } } as never, {} as never, resolve)
    })

    expect(error).toBeUndefined()
  })

  it('validates the requests of any application', async () => {
    const result = apiSpec.components.examples.complete?.value
    const app = express()
      .use(middleware({ apiSpec: API_SPEC_FILE, validateSecurity: false }))
      .get('/_query/async/:id', (_request, response) => void response.json(result))
      .use(((error, _request, response, _next) => {
        response.status(error.status ?? 500).json(error.message)
      }) as express.ErrorRequestHandler)
    const { status, body } = await request(app).get('/_query/async/abc')
    expect([status, body]).toEqual([200, result])
    expect((await request(app).get('/_query/async/abc?nonsense=1')).status).toBe(400)
  })

  it('has the version of the package', () => {
    expect(apiSpec.info.version).toBe(packageJson.version)
  })

  it('refers only to itself, and uses each of its components', () => {
    const references = [...objectsOf(rawApiSpec)].flatMap(([, node]) => ('$ref' in node ? [node.$ref] : []))
    const components = Object.entries(apiSpec.components).flatMap(([kind, entries]) =>
      Object.keys(entries).map((name) => `#/components/${kind}/${name}`),
    )

    expect(components.filter((name) => !references.includes(name))).toEqual([
      '#/components/securitySchemes/bearerJwt',
      // No operation uses it, so that routes and operations stay the same.
      '#/components/responses/Options',
    ])
    expect(references.filter((name) => !components.includes(String(name)))).toEqual([])
  })

  it('has nothing that the validator handles wrongly', () => {
    const stumbling = [...objectsOf(rawApiSpec)].filter(
      ([, node]) => 'discriminator' in node || ('format' in node && node.format === 'date-time'),
    )

    expect(stumbling).toEqual([])
  })

  it('describes these operations', () => {
    expect(operations.map(({ path, method, operation }) => [method, path, operation.operationId])).toEqual([
      ['post', '/_query', 'esql-query'],
      ['post', '/_query/async', 'esql-async-query'],
      ['get', '/_query/async/{id}', 'esql-async-query-get'],
      ['head', '/_query/async/{id}', 'esql-async-query-head'],
      ['delete', '/_query/async/{id}', 'esql-async-query-delete'],
      ['post', '/_query/async/{id}/stop', 'esql-async-query-stop'],
      ['get', '/_query/queries', 'esql-list-queries'],
      ['get', '/_query/queries/{id}', 'esql-get-query'],
      ['get', '/', 'info'],
      ['head', '/', 'ping'],
      ['get', '/healthz', 'health'],
      ['get', '/readyz', 'ready'],
    ])
  })

  it.each(titled)('says what %s does, who may call it and how it can fail', (_, operation) => {
    const { operationId = '', summary, description, security = apiSpec.security, responses } = operation

    expect(summary).toMatch(/\w/)
    expect(description).toMatch(/\w/)
    if (PROBES.includes(operationId)) return expect(security).toEqual([])
    expect(tags.map(({ name }) => name)).toEqual(expect.arrayContaining([...(operation.tags ?? [''])]))
    expect(security).toEqual([{ bearerJwt: [] }])
    expect(Object.keys(responses)).toEqual(
      expect.arrayContaining(['200', '400', '401', '406', '413', '500', '503']),
    )
  })

  it.each(titled)('has examples of every JSON body of %s', (_, operation) => {
    const bodies = [...Object.values(operation.responses), operation.requestBody].flatMap((response) =>
      response?.content ? [response.content['application/json']] : [],
    )

    expect(bodies.length).toBeGreaterThan(0)
    for (const body of bodies) expect(Object.keys(body?.examples ?? {})).not.toEqual([])
  })

  it('has examples that fit their schemas', () => {
    const examples = [...objectsOf(apiSpec)].flatMap(([at, node]) => examplesOf(node, at))

    expect(examples.length).toBeGreaterThan(100)
    expect(examples.flatMap(({ schema, value, at }) => schemaFaults(closed(schema), value, at))).toEqual([])
  })

  it('lets every URL parameter hold reserved characters, as Elasticsearch does', () => {
    const parameters = operations.flatMap(({ operation }) => operation.parameters)
    const strict = parameters.filter((parameter) => parameter.in === 'query' && !parameter.allowReserved)

    expect(strict).toEqual([])
  })

  it('lets clients expect what a newer cluster sends', () => {
    const { AsyncQuery, QueryResult, Acknowledged, Error: Envelope, QueryList } = apiSpec.components.schemas
    const columns = [{ name: 'n', type: 'int128', unit: 'm' }]
    const result = { documents_found: 0, values_loaded: 0, columns, values: [[1]], pages: 3 }
    const error = { root_cause: [{ type: 'x', reason: 'y' }], type: 'x', reason: 'y', hint: 'z' }
    const query = { start_time_millis: 1, running_time_nanos: 2, query: 'FROM a', node: 'b' }
    const answers = [
      [AsyncQuery, { ...result, is_running: false }],
      [AsyncQuery, { ...result, id: 'a', is_running: true, columns: [], values: [] }],
      [QueryResult, result],
      [Acknowledged, { acknowledged: true, later: true }],
      [Envelope, { error, status: 400, docs: 'https://example.com' }],
      [QueryList, { queries: { a: query } }],
    ] as [AnySchemaObject, unknown][]

    expect(answers.map(([schema, value]) => schemaFaults(schema, value, 'body'))).toEqual(
      answers.map(() => []),
    )
    // The specs of our own answers do not.
    const faults = answers.map(([schema, value]) => schemaFaults(closed(schema), value, 'body').length)
    expect(faults.filter((count) => count > 0)).toHaveLength(answers.length)
  })

  it('knows the column types of the code', () => {
    expect(apiSpec.components.schemas.KnownColumnType?.enum).toEqual(COLUMN_TYPES)
  })

  it('shows every error type of the code with its status', () => {
    expect(documentedErrors).toMatchObject(ERROR_STATUS)
  })

  it('shows no error type that the code does not have', () => {
    const shown = Object.values(apiSpec.components.examples).flatMap(({ value }) => {
      const { error } = value as { error?: ErrorBody }
      return error ? [error.type] : []
    })

    expect(shown.filter((type) => !Object.hasOwn(ERROR_STATUS, type))).toEqual([])
  })

  it('shows each error where its status is described', () => {
    const withErrors = operations.filter(({ operation }) => !PROBES.includes(operation.operationId ?? ''))
    const misplaced = withErrors.flatMap(({ operation }) =>
      Object.entries(operation.responses)
        .filter(([status]) => Number(status) >= 400)
        .flatMap(([status, response]) =>
          errorExamples(response).filter((example) => example.status !== Number(status)),
        ),
    )

    expect(misplaced).toEqual([])
  })
})

function examplesOf(node: object, at: string): { schema: AnySchemaObject; value: unknown; at: string }[] {
  const { schema = node, example, examples = {} } = node as Partial<Content[string]>
  const values = Object.values(examples).map(({ value }) => value)
  // An example stands beside its schema or in it. The map of all examples does neither.
  const named = 'schema' in node ? values : []
  return [...named, ...(example === undefined ? [] : [example])].map((value) => ({ schema, value, at }))
}

function errorExamples({ content = {} }: ResponseObject): { status: number }[] {
  const examples = content['application/json']?.examples ?? {}
  return Object.values(examples).map(({ value }) => value as { status: number })
}

describe('the time values of api-spec.yaml', () => {
  const { pattern } = apiSpec.components.schemas.TimeValue as { pattern: string }
  const isDocumented = (text: string): boolean => new RegExp(pattern, 'u').test(text)

  it.each([
    ...['5nanos', '5micros', '5ms', '5s', '5m', '5h', '5d', '5S', '5D', ' 5 d ', '+5s', '0', '00', '0d'],
    ...['-1', '-01', '-1s', '9223372036854775807nanos'],
  ])('include %j', (text) => {
    expect(isDocumented(text)).toBe(true)
  })

  it.each(['5M', '5m ', '-2s', '1.5s', 'xs', '5', '5x', '', '+0', '5 0s', '5s\n5s'])('exclude %j', (text) => {
    expect(isDocumented(text)).toBe(false)
  })

  it('are those that the code reads', () => {
    // Nineteen digits or more may exceed 64 bits. A pattern for that would be very long.
    const digits = fc.bigInt({ min: 0n, max: 10n ** 18n }).map(String)
    const text = fc
      .tuple(
        fc.constantFrom('', '', ' ', '\t'),
        fc.constantFrom('', '', '+', '-', '--', '0', '-0', '.'),
        fc.oneof(digits, fc.constantFrom('', '0', '1', '1.5', '1e3', 'x')),
        fc.constantFrom('', '', ' '),
        fc.constantFrom('nanos', 'MICROS', 'ms', 'mS', 's', 'm', 'M', 'h', 'H', 'd', 'D', 'w', '', 'ss'),
        fc.constantFrom('', '', ' ', '\n'),
      )
      .map((parts) => parts.join(''))

    fc.assert(fc.property(text, (value) => isDocumented(value) === isReadable(value)))
  })

  it('exclude numbers with more than nineteen digits, which exceed 64 bits', () => {
    expect([isDocumented(`${'9'.repeat(20)}s`), isDocumented(`${'0'.repeat(20)}5s`)]).toEqual([false, true])
  })
})

function isReadable(text: string): boolean {
  try {
    parseTimeValue('keep_alive', text)
    return true
  } catch {
    return false
  }
}

describe('requests by api-spec.yaml', () => {
  type Documented = Parameters<ReturnType<typeof createRequestValidator>>[0]
  const validate = createRequestValidator()
  const submit = (
    body: NonNullable<object>,
    parameters: Documented['parameters'] = {},
  ): Partial<Documented> => ({
    operation: 'submit',
    parameters,
    body: { query: 'ROW x = 1', ...body },
  })
  const get = (parameters: Documented['parameters']): Partial<Documented> => ({
    operation: 'get',
    parameters,
  })

  /** The refusal of the validator, or `undefined`. */
  async function refusalOf(request: Partial<Documented>): Promise<string | undefined> {
    try {
      await validate({ operation: 'get', id: 'abc=', parameters: {}, body: undefined, ...request })
      return undefined
    } catch (error) {
      return (error as Error).message
    }
  }

  it.each<[title: string, request: Partial<Documented>]>([
    ['a get with nothing else', get({})],
    ['flags without a value', get({ pretty: '', human: '', error_trace: '', drop_null_columns: '' })],
    ['times', get({ keep_alive: '5D', wait_for_completion_timeout: '0' })],
    ['any format, delimiter and filter', get({ format: 'a,b;c', delimiter: ';;', filter_path: '-a.*,[b]' })],
    ['empty text', get({ format: '', delimiter: '', filter_path: '' })],
    [
      'a head with the parameters of a get',
      { ...get({ keep_alive: '1d', delimiter: '|' }), operation: 'head' },
    ],
    ['a stop', { operation: 'stop', parameters: { drop_null_columns: 'true', delimiter: '|' } }],
    ['a delete', { operation: 'delete', parameters: { pretty: '', filter_path: 'acknowledged' } }],
    ['a query alone', submit({})],
    ['partial results', submit({}, { allow_partial_results: 'false' })],
    ['partial results left open', submit({}, { allow_partial_results: '' })],
    ['a body in the URL', { operation: 'submit', parameters: { source: '{}', source_content_type: 'x/y' } }],
    ['flags as text', submit({ columnar: 'true', profile: 'false', keep_on_completion: true })],
    ['times in a body', submit({ keep_alive: '5 d', wait_for_completion_timeout: -1 })],
    ['every other field', submit({ locale: 'en', time_zone: 'UTC', pragma: {}, project_routing: 'x' })],
    ['an approximation of any kind', submit({ approximation: null })],
    [
      'integers beyond 2^53',
      submit({
        params: [2n ** 63n, { a: 2n ** 64n }],
        filter: { range: { n: { gt: 10n ** 30n } } },
        settings: { n: 2n ** 64n },
        tables: { t: { n: [2n ** 64n] } },
        approximation: 2n ** 64n,
      }),
    ],
  ])('allow %s', async (_, request) => {
    await expect(refusalOf(request)).resolves.toBeUndefined()
  })

  it.each<[title: string, request: Partial<Documented>, refusal: string]>([
    ['an unknown parameter', get({ pretti: 'true' }), "Unknown query parameter 'pretti'"],
    ['a parameter of the body', submit({}, { keep_alive: '1d' }), "Unknown query parameter 'keep_alive'"],
    [
      'a parameter of the submit on a get',
      get({ keep_on_completion: 'true' }),
      "Unknown query parameter 'keep_on_completion'",
    ],
    [
      'a wait on a stop',
      { operation: 'stop', parameters: { wait_for_completion_timeout: '1s' } },
      "Unknown query parameter 'wait_for_completion_timeout'",
    ],
    [
      'a delimiter on a delete',
      { operation: 'delete', parameters: { delimiter: ';' } },
      "Unknown query parameter 'delimiter'",
    ],
    ['a flag that is neither', get({ pretty: 'yes' }), 'request/query/pretty must be boolean'],
    [
      'a time without a unit',
      get({ keep_alive: '5' }),
      expect.stringContaining('request/query/keep_alive must match'),
    ],
    ['a body that is a list', { operation: 'submit', body: [] }, 'request/body must be object'],
    ['no query', { operation: 'submit', body: {} }, "request/body must have required property 'query'"],
    ['a blank query', submit({ query: ' \n' }), expect.stringContaining('request/body/query must match')],
    ['a query that is no text', submit({ query: 1 }), 'request/body/query must be string'],
    ['an unknown field', submit({ kep_alive: '1d' }), 'request/body must NOT have additional properties'],
    ['one parameter instead of a list', submit({ params: 1 }), 'request/body/params must be array'],
    ['a filter that is no object', submit({ filter: 'a' }), 'request/body/filter must be object'],
    [
      'another text for a flag',
      submit({ columnar: 'yes' }),
      expect.stringContaining('request/body/columnar'),
    ],
    ['a number for a flag', submit({ profile: 1 }), expect.stringContaining('request/body/profile')],
    [
      'a number without a unit',
      submit({ keep_alive: 5 }),
      expect.stringContaining('request/body/keep_alive'),
    ],
    ['null for a time', submit({ keep_alive: null }), expect.stringContaining('request/body/keep_alive')],
  ])('refuse %s', async (_, request, refusal) => {
    await expect(refusalOf(request)).resolves.toEqual(refusal)
  })

  it('are not completed with defaults', async () => {
    const body = { query: 'ROW x = 1' }

    await refusalOf({ operation: 'submit', body })

    expect(body).toEqual({ query: 'ROW x = 1' })
  })
})

describe('params and settings by api-spec.yaml', () => {
  const { SubmitRequest } = apiSpec.components.schemas
  let gateway: Gateway

  beforeAll(async () => {
    gateway = await startGateway({ memory: { maxQueriesPerOwner: 1_000 } })
  })
  afterAll(() => gateway.close())

  const isTaken = async (body: string): Promise<boolean> => {
    const headers = { 'content-type': 'application/json' }
    const { status } = await gateway.alice('POST /_query/async', {
      headers,
      body: `{"query":"ROW n = 1",${body}}`,
    })
    return status === 200
  }
  const isDocumented = (body: string): boolean => {
    const value: object = JSON.parse(`{${body}}`)
    return (
      schemaFaults(SubmitRequest as AnySchemaObject, { query: 'ROW n = 1', ...value }, 'body').length === 0
    )
  }

  it.each([
    ...[
      '"params":[]',
      '"params":[1,"a",true,null,1.5]',
      '"params":[[1,2],["a"]]',
      '"params":[{"a":1},{"b":[1]}]',
    ],
    ...['"params":[{"a":{"value":[1,2]}},{"b":{"identifier":"c"}},{"d":{"pattern":"e*"}}]', '"params":[{}]'],
    ...['"params":[{"a":{"VALUE":1}}]', '"params":[18446744073709551616,[18446744073709551616]]'],
    ...['"settings":{}', '"settings":{"time_zone":"UTC","project_routing":"a","column_metadata":true}'],
    ...['"settings":{"time_zone":null,"project_routing":null,"approximation":null,"column_metadata":null}'],
    ...['"settings":{"column_metadata":"false"}', '"settings":{"approximation":{"rows":10000}}'],
    ...[
      '"approximation":true',
      '"approximation":null',
      '"approximation":{"rows":null,"confidence_level":null}',
    ],
    '"approximation":{"rows":20000,"confidence_level":0.5}',
  ])('take %s, as the reader does', async (body) => {
    expect([await isTaken(body), isDocumented(body)]).toEqual([true, true])
  })

  it.each([
    ...[
      '"params":[[[1]]]',
      '"params":[{"a":1,"b":2}]',
      '"params":[{"a":{"identifier":1}}]',
      '"params":[[null]]',
    ],
    ...['"params":[{"a":{"value":1,"pattern":"*"}}]', '"params":[{"a":{}}]', '"params":[{"a":[[1]]}]'],
    ...[
      '"settings":{"unmapped_fields":"a"}',
      '"settings":{"time_zone":1}',
      '"settings":{"column_metadata":"maybe"}',
    ],
    ...['"approximation":"a"', '"approximation":{"rows":9999}', '"approximation":{"rows":10000.5}'],
    ...['"approximation":{"confidence_level":0.96}', '"approximation":{"row":10000}'],
  ])('refuse %s, as the reader does', async (body) => {
    expect([await isTaken(body), isDocumented(body)]).toEqual([false, false])
  })
})
