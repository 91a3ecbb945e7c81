import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type Express } from 'express'
import type { AsyncQueryRouter, AsyncQueryRouterOptions, MemoryStoreOptions } from 'express-esql-async-query'
import { asyncQueryRouter, esqlProductInfo, jwtCaller, MemoryStore } from 'express-esql-async-query'
import supertest from 'supertest'
import { matchRoute } from '../../lib/request/routes'
import { ManualClock } from '../../lib/test-kit/manual-clock'
import { Engine } from './engine'
import { audience, issuer, rsaKeys, token } from './tokens'
import { watchAnswer } from './watched-answers'

/** The answer of a gateway. */
export interface Answer {
  status: number
  headers: Record<string, string>
  body: Buffer
  text: string
  /** The body, parsed. */
  json: never
}

export interface Request {
  headers?: Record<string, string>
  /** An object is sent as JSON, a text unchanged. */
  body?: object | string | Buffer
}

/** Sends requests as one user. */
export type Client = (target: string, request?: Request) => Promise<Answer>

export interface Gateway {
  app: Express
  server: Server
  url: string
  router: AsyncQueryRouter
  engine: Engine
  clock: ManualClock
  alice: Client
  mallory: Client
  /** May cancel other users' queries. */
  admin: Client
  /** May see other users' running queries. */
  monitor: Client
  anonymous: Client
  close(): Promise<void>
}

export interface GatewayOptions extends Partial<AsyncQueryRouterOptions> {
  memory?: Partial<MemoryStoreOptions>
  /** Where the router is mounted. @default '/' */
  prefix?: string
  /** Prepares the host application before the router is mounted. */
  before?: (app: Express) => void
  after?: (app: Express) => void
  /** Whether `GET /` is served too. @default false */
  productInfo?: boolean
  /** Whether every answer must fit `api-spec.yaml`. @default true */
  isDocumented?: boolean
}

const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** A gateway on a real port, with real tokens, an engine that the test controls and a clock that stands still. */
export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const { memory, prefix = '/', before, after, isDocumented = true, productInfo, ...routerOptions } = options
  const engine = new Engine()
  const clock = new ManualClock()
  const store = new MemoryStore({ execute: engine.execute, clock, ...memory })
  const required = { store, resolveCaller: testCaller(), logger: silent }
  const router = asyncQueryRouter({ ...required, ...routerOptions })
  const app = express()
  const undocumented = isDocumented ? checkAnswers(app, prefix, productInfo) : []
  before?.(app)
  app.use(prefix, router)
  if (productInfo) app.use(prefix, esqlProductInfo({ ...required, store: routerOptions.store ?? store }))
  after?.(app)
  // A thousand clients that come at once are more than the system lets wait by default.
  const server = app.listen(0, '127.0.0.1', 2_000)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const mount = prefix === '/' ? '' : prefix
  const client = (claims?: object): Client => createClient(server, mount, claims)
  return {
    app,
    server,
    url: `http://127.0.0.1:${port}${mount}`,
    router,
    engine,
    clock,
    alice: client({ sub: 'alice' }),
    mallory: client({ sub: 'mallory' }),
    admin: client({ sub: 'admin', scope: 'cancel_task' }),
    monitor: client({ sub: 'monitor', scope: 'monitor_esql' }),
    anonymous: client(),
    async close() {
      server.close()
      server.closeAllConnections()
      await store.close()
      if (undocumented.length > 0) throw undocumented[0]
    },
  }
}

/**
 * Compares every complete answer below the router's mount point with `api-spec.yaml`, for every client. Returns the list
 * of faults, which grows.
 */
function checkAnswers(app: Express, prefix: string, productInfo = false): unknown[] {
  const faults: unknown[] = []
  const mount = prefix === '/' ? '' : prefix
  app.use((request, response, next) => {
    const path = request.originalUrl.slice(mount.length)
    const [route = ''] = path.split('?')
    const isOurs = matchRoute(route) || (productInfo && route === '/')
    if (!request.originalUrl.startsWith(mount) || !isOurs) return next()
    watchAnswer(request, response, path, faults)
    next()
  })
  return faults
}

export function testCaller() {
  return jwtCaller({
    key: rsaKeys.publicKey,
    algorithms: ['RS256'],
    issuer,
    audience,
    cancelTasks: { claim: 'scope', value: 'cancel_task' },
    monitorQueries: { claim: 'scope', value: 'monitor_esql' },
  })
}

/** Signs the token of the claims when the client first sends: most clients of a gateway never do. */
function createClient(server: Server, mount: string, claims: object | undefined): Client {
  let jwt: string | undefined
  return async (target, { headers = {}, body } = {}) => {
    const [method = '', path = ''] = target.split(' ')
    const sent = supertest(server)[methodName(method)](`${mount}${path}`)
    if (claims) {
      jwt ??= token({ ...claims })
      sent.set('Authorization', `Bearer ${jwt}`)
    }
    sent.set(headers)
    sent.buffer(true).parse((response, done) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => done(null, Buffer.concat(chunks)))
    })
    if (body !== undefined) sent.send(body)
    const { status, headers: answered, body: bytes } = await sent
    const answer = Buffer.isBuffer(bytes) ? bytes : Buffer.alloc(0)
    const text = answer.toString('utf8')
    return {
      status,
      headers: answered,
      body: answer,
      text,
      get json(): never {
        return JSON.parse(text) as never
      },
    }
  }
}

function methodName(method: string): 'get' | 'post' | 'put' | 'delete' | 'head' | 'options' {
  const names = {
    GET: 'get',
    POST: 'post',
    PUT: 'put',
    DELETE: 'delete',
    HEAD: 'head',
    OPTIONS: 'options',
  } as const
  if (Object.hasOwn(names, method)) return names[method as keyof typeof names]
  throw new Error(`The test client does not send ${method}`)
}
