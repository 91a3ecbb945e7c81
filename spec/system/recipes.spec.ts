import { once } from 'node:events'
import { connect } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { Express, RequestHandler } from 'express'
import express from 'express'
import * as api from 'express-esql-async-query'
import jwt from 'jsonwebtoken'
import supertest from 'supertest'
import { FORMATS } from '../../lib/formats/formats'
import { exportOf } from '../support/snippets'

const values = Array.from({ length: 500 }, (_, n) => [n])
const store = new api.MemoryStore({ execute: () => ({ columns: [{ name: 'n', type: 'integer' }], values }) })
const router = api.asyncQueryRouter({ store, resolveCaller: () => ({ owner: 'alice' }) })
/** Refusals are expected here. */
const logger: api.Logger = { debug() {}, info() {}, warn() {}, error() {} }
const submitted = { query: 'FROM n', keep_on_completion: true }

/** Submits a query and reads its result as CSV. */
async function roundTrip(
  app: Parameters<typeof supertest>[0],
  prefix = '',
): Promise<[number, number, string]> {
  const { status, body } = await supertest(app).post(`${prefix}/_query/async`).send(submitted)
  const read = await supertest(app).get(`${prefix}/_query/async/${body.id}?format=csv`)
  return [status, read.status, read.text]
}
const wholeTrip = [200, 200, ['n', ...values, ''].join('\r\n')]

describe('the recipes', () => {
  it.each(FORMATS)('compress %s', async (format) => {
    const app = exportOf<(router: api.AsyncQueryRouter) => Express>('withCompression')(router)
    const { status, headers } = await supertest(app)
      .post(`/es/_query/async?format=${format}`)
      .set('accept-encoding', 'gzip')
      .send(submitted)
    expect([status, headers['content-encoding'], headers.vary]).toEqual([200, 'gzip', 'Accept-Encoding'])
  })

  it('take callers from what the app knows, and answer 401 without them', async () => {
    const resolveCaller = exportOf<api.ResolveCaller>('resolveCaller')
    const ask = async (auth?: object) => {
      const login: RequestHandler = (request, _response, next) =>
        next(Object.assign(request, { auth }) && undefined)
      const app = express().use(login, api.asyncQueryRouter({ store, resolveCaller, logger }))
      return roundTrip(app)
    }
    expect(await ask({ payload: { iss: 'issuer', sub: 'alice' } })).toEqual(wholeTrip)
    expect((await ask({ payload: { iss: 'issuer' } }))[0]).toBe(401)
    expect((await ask())[0]).toBe(401)
  })

  it('choose the issuer by the claim of a token, and trust it no further', async () => {
    const callerOfAny = exportOf<(issuers: object) => api.ResolveCaller>('callerOfAny')
    const keys = { one: 'a'.repeat(32), two: 'b'.repeat(32) }
    const of = (key: string) => ({ key, algorithms: ['HS256'], audience: 'esql' })
    const resolveCaller = callerOfAny({ one: of(keys.one), two: of(keys.two) })
    const app = express().use(api.asyncQueryRouter({ store, resolveCaller, logger }))
    const ask = async (issuer: string, key: string) => {
      const token = jwt.sign({}, key, { issuer, audience: 'esql', subject: 'alice', expiresIn: '1h' })
      const { status } = await supertest(app)
        .post('/_query/async')
        .set('authorization', `Bearer ${token}`)
        .send(submitted)
      return status
    }
    expect(await ask('one', keys.one)).toBe(200)
    expect(await ask('two', keys.two)).toBe(200)
    expect(await ask('two', keys.one)).toBe(401)
    expect(await ask('three', keys.one)).toBe(401)
    expect((await supertest(app).post('/_query/async').send(submitted)).status).toBe(401)
  })

  it('put helmet, CORS and a rate limit in front, whose refusal is Elasticsearch’s', async () => {
    const app = exportOf<(router: api.AsyncQueryRouter, limit?: number) => Express>('protectedApp')(router, 1)
    const post = () =>
      supertest(app).post('/es/_query/async').set('origin', 'https://app.example').send(submitted)
    const { status, headers } = await post()
    expect([status, headers['x-content-type-options'], headers['access-control-allow-origin']]).toEqual([
      200,
      'nosniff',
      'https://app.example',
    ])
    expect(headers['access-control-expose-headers']).toContain('X-Elasticsearch-Async-Id')
    const refused = await post()
    expect([refused.status, refused.body.error.type, Number(refused.headers['retry-after']) > 0]).toEqual([
      429,
      'es_rejected_execution_exception',
      true,
    ])
  })

  it('mount the router in Fastify', async () => {
    const make =
      exportOf<
        (
          router: api.AsyncQueryRouter,
        ) => Promise<{ server: object; ready(): Promise<void>; close(): Promise<void> }>
      >('fastifyWith')
    const app = await make(router)
    await app.ready()
    expect(await roundTrip(app.server as Express, '/es')).toEqual(wholeTrip)
    await app.close()
  })

  it('mount the router in Koa', async () => {
    const app = exportOf<(router: api.AsyncQueryRouter) => { callback(): Express }>('koaWith')(router)
    expect(await roundTrip(app.callback())).toEqual(wholeTrip)
    expect((await supertest(app.callback()).get('/else')).status).toBe(404)
  })

  it('mount the router over HTTP/2', async () => {
    const server =
      exportOf<(router: api.AsyncQueryRouter) => import('node:http2').Http2Server>('http2With')(router)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    try {
      const stream = session.request({
        ':method': 'POST',
        ':path': '/_query/async?format=csv',
        'content-type': 'application/json',
      })
      stream.end(JSON.stringify(submitted))
      const [{ ':status': status }] = await once(stream, 'response')
      const chunks: Buffer[] = []
      for await (const chunk of stream) chunks.push(chunk)
      expect([200, status, Buffer.concat(chunks).toString()]).toEqual(wholeTrip)
    } finally {
      session.destroy()
      server.close()
    }
  })

  it('answer events without a server', async () => {
    const handler =
      exportOf<(router: api.AsyncQueryRouter) => (event: object, context: object) => Promise<object>>(
        'handlerOf',
      )(router)
    const event = {
      version: '2.0',
      rawPath: '/_query/async',
      rawQueryString: 'format=csv',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(submitted),
      isBase64Encoded: false,
      requestContext: { http: { method: 'POST', sourceIp: '127.0.0.1' } },
    }
    expect(await handler(event, {})).toMatchObject({ statusCode: 200, body: wholeTrip[2] })
  })
})
