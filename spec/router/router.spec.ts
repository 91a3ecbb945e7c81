import express from 'express'
import { asyncQueryRouter, jwtCaller, MemoryStore } from 'express-esql-async-query'
import { completedJson, errorJson } from '../support/engine'
import { type Gateway, type GatewayOptions, startGateway, testCaller } from '../support/gateway'
import { token } from '../support/tokens'

const QUERY = { body: { query: 'ROW n = 1' } }
const UNKNOWN = 'FkpMRkJGS1gzVDRlM3g4ZzMyRGlLbkEaTXlJZHdNT09TU2VTZVBoNDM3cFZMUToxMDM='

describe('asyncQueryRouter', () => {
  let gateway: Gateway | undefined

  const start = async (options: GatewayOptions): Promise<Gateway> => {
    gateway = await startGateway(options)
    return gateway
  }
  afterEach(() => gateway?.close())

  it.each(['/', '/es', '/a/b'])('serves the API mounted at %s', async (prefix) => {
    const { alice } = await start({ prefix })
    expect((await alice('POST /_query/async', QUERY)).text).toBe(completedJson())
    expect((await alice('POST /_query/async/', QUERY)).text).toBe(completedJson())
  })

  it('names the whole target in its refusals, including the prefix', async () => {
    const { alice } = await start({ prefix: '/es' })
    expect((await alice('PUT /_query/async?x')).text).toContain(
      'for uri [/es/_query/async?x] and method [PUT]',
    )
    expect((await alice('GET /_query/async/foo?x')).text).toContain('request [/es/_query/async/foo] contains')
  })

  it('works twice in one application, each time with its own store', async () => {
    const other = { get: () => Promise.resolve(undefined) }
    const { alice, url } = await start({
      after: (app) => {
        app.use('/second', asyncQueryRouter({ store: other, resolveCaller: testCaller() }))
      },
    })
    expect((await alice('POST /_query/async', QUERY)).status).toBe(200)
    const headers = { authorization: `Bearer ${token({ sub: 'alice' })}` }
    expect((await fetch(`${url}/second/_query/async`, { method: 'POST', headers })).status).toBe(405)
    expect((await fetch(`${url}/second/_query/async/foo`, { headers })).status).toBe(404)
  })

  it.each(['/', '/_QUERY', '/_query/async/a/b', '/_query/asynchronous', '/_QUERY/async', '/_query/view'])(
    'leaves %s to the host, and resolves no caller',
    async (path) => {
      const { url } = await start({
        after: (app) => {
          app.use((_request, response) => {
            response.send('host')
          })
        },
      })
      expect(await (await fetch(`${url}${path}`)).text()).toBe('host')
    },
  )

  it('serves what the host adds to it, behind its own paths', async () => {
    const router = asyncQueryRouter({
      store: new MemoryStore({ execute: () => ({ columns: [], values: [] }) }),
      resolveCaller: testCaller(),
    })
    expect(router).toBeInstanceOf(Function)
    router
      .use((_request, response, next) => {
        response.setHeader('host', 'was here')
        next()
      })
      .get(['/own/:name', '/_query/async/:name'], ({ params, baseUrl }, response) => {
        response.send(`${baseUrl} ${params.name}`)
      })
    const { url } = await start({
      before: (app) => {
        app.use('/es', router)
        // As a host calls a router of its own making.
        app.use('/direct', (request, response, next) =>
          Reflect.get(router, 'handle')(request, response, next),
        )
      },
    })
    const paths = [
      '/es/own/page',
      '/direct/own/page',
      `/es/_query/async/${UNKNOWN}`,
      `/direct/_query/async/${UNKNOWN}`,
    ]
    const headers = { authorization: `Bearer ${token({ sub: 'alice' })}` }
    const seen = paths.map(async (path) => {
      const response = await fetch(`${url}${path}`, { headers })
      return [response.status, response.headers.get('host'), response.ok ? await response.text() : undefined]
    })
    expect(await Promise.all(seen)).toEqual([
      [200, 'was here', '/es page'],
      [200, 'was here', '/direct page'],
      [404, null, undefined],
      [404, null, undefined],
    ])
  })

  it('shows its resolver the parameters of the path at which it is mounted', async () => {
    const seen: unknown[] = []
    const store = { get: async () => undefined }
    const { url } = await start({
      before: (app) => {
        const resolveCaller = ({ params }: express.Request) => {
          seen.push(params)
          return { owner: 'somebody' }
        }
        app.use('/es/:tenant', asyncQueryRouter({ store, resolveCaller }))
      },
    })
    expect((await fetch(`${url}/es/acme/_query/async/${UNKNOWN}`)).status).toBe(404)
    expect(seen).toEqual([{ tenant: 'acme' }])
  })

  it('hands on what fails before it knows whose request it is, as any router does', () => {
    const router = asyncQueryRouter({ store: { get: async () => undefined }, resolveCaller: testCaller() })
    const failure = new Error('broken')
    const request = Object.defineProperty({} as express.Request, 'path', {
      get: () => {
        throw failure
      },
    })
    const next = jest.fn()
    router(request, { socket: {} } as express.Response, next)
    expect(next.mock.calls).toEqual([[failure]])
  })

  it.each([
    ['before', { before: (app: express.Express) => app.use(express.json()) }],
    ['after', { after: (app: express.Express) => app.use(express.json()) }],
    ['as text before', { before: (app: express.Express) => app.use(express.text({ type: '*/*' })) }],
  ])('works with a body parser %s it', async (_name, options) => {
    const { alice, engine } = await start(options as GatewayOptions)
    expect((await alice('POST /_query/async', QUERY)).text).toBe(completedJson())
    expect(engine.requests).toEqual([{ query: 'ROW n = 1' }])
    expect((await alice('POST /_query/async', { body: { query: 1 } })).status).toBe(400)
    expect((await alice(`GET /_query/async/${UNKNOWN}`)).status).toBe(404)
  })

  it('gives no position in a body that the host has parsed', async () => {
    const { alice } = await start({ before: (app) => app.use(express.json()) })
    expect((await alice('POST /_query/async', { body: { query: 1 } })).text).toBe(
      errorJson(
        400,
        'x_content_parse_exception',
        "[-1:-1] [esql/async_query] query doesn't support values of type: VALUE_NUMBER",
      ),
    )
  })

  it('leaves the host application and its requests as they were', async () => {
    let seen: unknown
    const { app, alice } = await start({
      before: (host) => {
        host.set('query parser', 'extended')
        host.use((request, response, next) => {
          response.on('finish', () => {
            seen = {
              app: request.app === host,
              query: request.query,
              type: request.headers['content-type'],
              openapi: 'openapi' in request,
            }
          })
          next()
        })
      },
    })
    const settings = { ...app.settings }
    await alice('POST /_query/async?format=json&drop_null_columns', QUERY)
    expect(seen).toEqual({
      app: true,
      query: { format: 'json', drop_null_columns: '' },
      type: 'application/json',
      openapi: false,
    })
    expect(app.settings).toEqual(settings)
    expect((app.router as unknown as { params: object }).params).toEqual({})
  })

  it.each([
    ['POST /_query/async', { headers: { 'content-type': 'text/plain' }, body: 'nonsense' }],
    ['POST /_query/async?keep_alife=1', { body: { nonsense: true } }],
    ['GET /_query/async/foo?pretty=maybe', { headers: { accept: 'nonsense' } }],
    ['PUT /_query/async', {}],
    [`GET /_query/async/${UNKNOWN}`, {}],
  ])('answers an anonymous caller of %s with 401 only', async (target, request) => {
    const { anonymous, engine } = await start({})
    const { status, headers, json } = await anonymous(target, request)
    const [, uri = ''] = target.split(' ')
    const error = {
      type: 'security_exception',
      reason: `missing authentication credentials for REST request [${uri}]`,
      header: { 'WWW-Authenticate': 'Bearer realm="security"' },
    }
    expect({ status, json }).toEqual({
      status: 401,
      json: { error: { root_cause: [error], ...error }, status: 401 },
    })
    expect(headers['www-authenticate']).toBe('Bearer realm="security"')
    expect(headers).not.toHaveProperty('x-elastic-product')
    expect(engine.requests).toEqual([])
  })

  it('answers 401 when its resolver knows no caller', async () => {
    const { alice } = await start({ resolveCaller: () => undefined })
    expect((await alice(`GET /_query/async/${UNKNOWN}`)).json).toMatchObject({
      status: 401,
      error: {
        reason:
          'unable to authenticate with provided credentials and anonymous access is not allowed for this request',
      },
    })
  })

  it('takes the owner from a resolver of the gateway', async () => {
    const { anonymous } = await start({
      resolveCaller: (request) => ({ owner: String(request.headers['x-user']) }),
    })
    const submit = await anonymous('POST /_query/async', {
      headers: { 'x-user': 'one' },
      body: { query: 'ROW n = 1', keep_on_completion: true },
    })
    const id = submit.headers['x-elasticsearch-async-id']
    const get = (user: string) => anonymous(`GET /_query/async/${id}`, { headers: { 'x-user': user } })
    expect([(await get('one')).status, (await get('two')).status]).toEqual([200, 404])
  })

  it('offers only GET for a store that has only get', async () => {
    const { alice } = await start({ store: { get: () => Promise.resolve(undefined) } })
    const answers = await Promise.all(
      [
        'GET /_query/async/foo',
        'DELETE /_query/async/foo',
        'POST /_query/async/foo/stop',
        'POST /_query/async',
      ].map((target) => alice(target)),
    )
    expect(answers.map(({ status, headers }) => [status, headers.allow])).toEqual([
      [404, undefined],
      [405, 'GET'],
      [405, ''],
      [405, ''],
    ])
  })

  it.each([null, undefined, false])(
    'answers 404 for a store that returns %s for an unknown id',
    async (nothing) => {
      const { alice } = await start({ store: { get: () => Promise.resolve(nothing as undefined) } })
      expect((await alice('GET /_query/async/foo')).status).toBe(404)
      expect((await alice('HEAD /_query/async/foo')).status).toBe(404)
    },
  )

  it.each([
    ['/_query/async', 'POST'],
    ['/_query/async/foo', 'GET,DELETE'],
    ['/_query/async/foo/stop', 'POST'],
  ])('answers OPTIONS of %s with the allowed methods, without a token', async (path, allow) => {
    const { url } = await start({})
    const response = await fetch(`${url}${path}`, { method: 'OPTIONS' })
    expect([response.status, response.headers.get('allow'), await response.text()]).toEqual([200, allow, ''])
  })

  it.each([
    [undefined, 'asyncQueryRouter expects an object of options, got undefined'],
    [{}, 'asyncQueryRouter needs the option `store`'],
    [{ store: {} }, 'asyncQueryRouter expects `store` to be an AsyncQueryStore'],
    [{ store: { get() {}, submit: 1 } }, 'asyncQueryRouter expects `store` to be an AsyncQueryStore'],
    [{ store: { get() {} } }, 'asyncQueryRouter needs the option `resolveCaller`'],
    [
      { store: { get() {} }, resolveCaller: jwtCaller },
      'asyncQueryRouter needs what jwtCaller returns: write `resolveCaller: jwtCaller({ … })`',
    ],
    [
      { store: { get() {} }, resolveCaller() {}, maxWaitMS: 1 },
      'does not know the option `maxWaitMS`; did you mean `maxWaitMs`?',
    ],
    [
      { store: { get() {} }, resolveCaller() {}, maxWaitMs: -1 },
      'expects `maxWaitMs` to be a number >= 0, got `-1` (number)',
    ],
    [
      { store: { get() {} }, resolveCaller() {}, maxBodyBytes: '1' },
      'expects `maxBodyBytes` to be a number > 0, got `1` (string)',
    ],
    [
      { store: { get() {} }, resolveCaller() {}, maxWaits: 0 },
      'expects `maxWaits` to be a number > 0, got `0` (number)',
    ],
    [
      { store: { get() {} }, resolveCaller() {}, maxWaitsPerOwner: Number.NaN },
      'expects `maxWaitsPerOwner` to be a number > 0, got `NaN` (number)',
    ],
    [
      { store: { get() {} }, resolveCaller() {}, maxCachedBytes: -1 },
      'expects `maxCachedBytes` to be a number >= 0, got `-1` (number)',
    ],
    [{ store: { get() {} }, resolveCaller() {}, logger: {} }, 'expects `logger` to be a logger with'],
  ])('refuses the options %j', (options, message) => {
    expect(() => asyncQueryRouter(options as never)).toThrow(
      new RegExp(message.replace(/[`()[\]?>]/g, '\\$&')),
    )
  })
})
