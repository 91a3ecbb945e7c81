import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { RequestHandler } from 'express'
import type { DocumentedRequest } from '../../lib/request/openapi'
import { createRequestValidator } from '../../lib/request/openapi'

const { requestDocument }: { requestDocument: (yaml: string) => Promise<string> } =
  require('../../tools/request-document.cjs')

const ROOT = path.join(__dirname, '..', '..')
const validate = createRequestValidator()

const request = (changes: Partial<DocumentedRequest>): DocumentedRequest => ({
  operation: 'get',
  id: 'abc',
  parameters: {},
  body: undefined,
  ...changes,
})

describe('api-spec.yaml', () => {
  it.each<[string, Partial<DocumentedRequest>]>([
    ['a bare get', {}],
    ['an id of any text', { id: 'a/b=%?#ü' }],
    ['flags without value', { parameters: { pretty: '', drop_null_columns: '' } }],
    ['reserved characters', { parameters: { filter_path: 'a.b,-c;**', format: 'csv', delimiter: ';' } }],
    ['time values', { parameters: { keep_alive: '5d', wait_for_completion_timeout: '-1' } }],
    ['a submit', { operation: 'submit', body: { query: 'ROW n = ?', params: [9007199254740993n] } }],
    ['a submit from the parameter source', { operation: 'submit', parameters: { source: '{}' } }],
    ['a query', { operation: 'query', id: '', body: { query: 'ROW n = 1', columnar: 'true', settings: {} } }],
    ['a stop', { operation: 'stop', parameters: { drop_null_columns: 'true' } }],
    ['a delete', { operation: 'delete' }],
    ['a head', { operation: 'head' }],
    ['a show', { operation: 'show' }],
  ])('allows %s', async (_name, changes) => {
    await expect(validate(request(changes))).resolves.toBeUndefined()
  })

  it.each<[string, Partial<DocumentedRequest>]>([
    ['an empty id', { id: '' }],
    // The route of each operation is known by now.
    ['an empty id of a stop', { operation: 'stop', id: '' }],
    ['an empty id of a delete', { operation: 'delete', id: '' }],
    ['an unknown parameter', { parameters: { nope: '1' } }],
    ['a bad time value', { parameters: { keep_alive: '5x' } }],
    ['a bad flag', { parameters: { pretty: 'maybe' } }],
    [
      'a body field in the URL',
      { operation: 'submit', parameters: { keep_alive: '5d' }, body: { query: 'x' } },
    ],
    ['a submit without query', { operation: 'submit', body: {} }],
    ['a blank query', { operation: 'submit', body: { query: ' ' } }],
    ['an unknown field', { operation: 'submit', body: { query: 'x', nope: 1 } }],
    ['a field of the wrong type', { operation: 'submit', body: { query: 'x', columnar: 1 } }],
    ['a time without unit in the body', { operation: 'submit', body: { query: 'x', keep_alive: 5000 } }],
    ['keep_alive of a query', { operation: 'query', body: { query: 'x', keep_alive: '5d' } }],
    ['keep_alive in the URL of a query', { operation: 'query', parameters: { keep_alive: '5d' } }],
    ['keep_alive on stop', { operation: 'stop', parameters: { keep_alive: '5d' } }],
  ])('refuses %s', async (_name, changes) => {
    await expect(validate(request(changes))).rejects.toMatchObject({ status: expect.any(Number) })
  })

  it('does not change what clients send', async () => {
    const parameters = { pretty: '' }
    const body = { query: 'x' }
    await validate(request({ operation: 'submit', parameters, body }))
    expect({ parameters, body }).toEqual({ parameters: { pretty: '' }, body: { query: 'x' } })
  })
})

describe('api-spec.json', () => {
  const written = readFileSync(path.join(ROOT, 'lib', 'request', 'api-spec.json'), 'utf8')

  it('equals what `npm run build` makes of api-spec.yaml', async () => {
    expect(written).toBe(await requestDocument(readFileSync(path.join(ROOT, 'api-spec.yaml'), 'utf8')))
  })

  it('has no defaults, because the validator writes them into bodies', () => {
    expect(written).not.toContain('"default"')
  })
})

describe('the validator', () => {
  const library = 'express-openapi-validator/dist/openapi.validator'
  const create = () => require('../../lib/request/openapi').createRequestValidator()
  const OpenApiValidator = jest.fn()
  beforeEach(() => {
    OpenApiValidator.mockReset().mockImplementation(() => ({ installMiddleware: () => [] }))
    jest.doMock(library, () => ({ OpenApiValidator }))
  })
  afterEach(() => jest.dontMock(library))

  it('is created once for all routers of a process', () => {
    jest.isolateModules(() => {
      expect(OpenApiValidator).toHaveBeenCalledTimes(0)
      create()
      create()
    })
    expect(OpenApiValidator).toHaveBeenCalledTimes(1)
  })

  it('finds the route of an operation once, not by a request without an id, and lists parameters for a request that has some', async () => {
    const routes: string[] = []
    const pass: RequestHandler = (_request, _response, next) => next()
    const findRoute: RequestHandler = (request, _response, next) => {
      routes.push(request.path)
      Object.assign(request, { openapi: { schema: { no: routes.length, parameters: [{}] }, pathParams: {} } })
      next()
    }
    const seen: unknown[] = []
    const check: RequestHandler = (request, _response, next) => {
      seen.push({ ...(request as { openapi?: object }).openapi, params: request.params })
      next()
    }
    OpenApiValidator.mockImplementation(() => ({ installMiddleware: () => [pass, findRoute, check] }))
    let known: ReturnType<typeof createRequestValidator> | undefined
    jest.isolateModules(() => {
      known = create()
    })
    for (const id of ['', 'a', 'b', '']) await known?.(request({ operation: 'show', id }))
    await known?.(request({ operation: 'show', id: 'c', parameters: { pretty: '' } }))
    expect(routes).toEqual(['/_query/queries/', '/_query/queries/a', '/_query/queries/'])
    expect(seen).toEqual([
      { schema: { no: 1, parameters: [{}] }, pathParams: {}, params: {} },
      { schema: { no: 2, parameters: [{}] }, pathParams: {}, params: {} },
      { schema: { no: 2, parameters: [] }, pathParams: { id: 'b' }, params: { id: 'b' } },
      { schema: { no: 3, parameters: [{}] }, pathParams: {}, params: {} },
      { schema: { no: 2, parameters: [{}] }, pathParams: { id: 'c' }, params: { id: 'c' } },
    ])
  })

  it.each<[string, Partial<DocumentedRequest>, Partial<DocumentedRequest>]>([
    ['a parameter', {}, { parameters: { drop_null_columns: 'maybe' } }],
    ['an unknown parameter', {}, { parameters: { nothing: '1' } }],
    ['a body', {}, { body: { query: 1 } }],
    ['a body after one that has none', { body: undefined }, { body: { query: 1 } }],
    [
      'a parameter after one that has some',
      { parameters: { pretty: '' } },
      { parameters: { pretty: 'maybe' } },
    ],
  ])('refuses %s of a route that it knows', async (_, first, wrong) => {
    jest.dontMock(library)
    let known: ReturnType<typeof createRequestValidator> | undefined
    jest.isolateModules(() => {
      known = create()
    })
    const submit = { operation: 'submit', body: { query: 'ROW n = 1' } } as const
    await known?.(request({ ...submit, ...first }))
    await expect(known?.(request({ ...submit, ...wrong }))).rejects.toMatchObject({ status: 400 })
    await known?.(request({ ...submit, ...first }))
    await expect(known?.(request({ ...submit, ...wrong }))).rejects.toMatchObject({ status: 400 })
  })

  it('is created again for the second router if the first attempt failed', () => {
    OpenApiValidator.mockImplementationOnce(() => {
      throw new TypeError('no memory')
    })
    jest.isolateModules(() => {
      expect(create).toThrow('no memory')
      create()
    })
    expect(OpenApiValidator).toHaveBeenCalledTimes(2)
  })
})
