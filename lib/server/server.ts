import { once } from 'node:events'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Request, Response } from 'express'
import express from 'express'
import type { AsyncQueryRouter, AsyncQueryStore, Logger, ResolveCaller } from '..'
import { asyncQueryRouter, MemoryStore } from '..'
import { systemClock } from '../clock'
import { sampleEngine } from '../sample/engine'
import type { ServerConfig } from './config'
import { ConfigError } from './config-error'
import { Connections } from './connections'
import type { DevelopmentAccess } from './development-mode'
import { createDevelopmentAccess } from './development-mode'

/** A gateway that listens. */
export interface RunningServer {
  url: string
  /** The tokens that are let in, where no key is configured. */
  development: DevelopmentAccess | undefined
  /**
   * Ends it: no new connections, waiting requests are answered with what there is, answers that are being sent get
   * `graceMs` to finish, then the store is closed. Called again, it can shorten the time that is left.
   *
   * @param graceMs default: that of the configuration
   */
  close(graceMs?: number): Promise<void>
}

/** Longer than load balancers keep idle connections, so that they never send a request on one that just ended. */
const KEEP_ALIVE_MS = 75_000

/** Builds the gateway of a configuration and listens. Throws a {@link ConfigError} where it cannot. */
export async function startServer(config: ServerConfig, logger: Logger): Promise<RunningServer> {
  const { resolveCaller, development } = accessOf(config)
  const { queries, router: limits, store: bounds } = config
  const store = new MemoryStore({ execute: sampleEngine(queries && { queries }), ...bounds })
  const router = asyncQueryRouter({ store, resolveCaller, logger, ...limits })
  const server = createServer(
    { keepAliveTimeout: KEEP_ALIVE_MS },
    application(router, development !== undefined, logger),
  )
  const connections = new Connections(server)
  const url = await listen(server, config)
  let closed: Promise<void> | undefined
  return {
    url,
    development,
    close(graceMs = config.shutdownGraceMs) {
      systemClock.setTimer(() => server.closeAllConnections(), graceMs, { background: true })
      closed ??= closeInOrder(server, router, connections, store)
      return closed
    },
  }
}

interface Access {
  resolveCaller: ResolveCaller
  development: DevelopmentAccess | undefined
}

function accessOf({ resolveCaller }: ServerConfig): Access {
  if (resolveCaller) return { resolveCaller, development: undefined }
  const development = createDevelopmentAccess()
  return { resolveCaller: development.resolveCaller, development }
}

function application(router: AsyncQueryRouter, isDevelopment: boolean, logger: Logger) {
  const app = express().disable('x-powered-by')
  if (isDevelopment) {
    app.get('/', (_request, response) => {
      response.type('text/plain').send('ES|QL async queries: POST /_query/async. The console shows how.\n')
    })
  }
  app.use(router)
  return (request: IncomingMessage, response: ServerResponse): void => {
    // Typed for requests of Express alone, of which it makes the plain ones that it gets.
    app(request as Request, response as Response, (error: unknown) => {
      if (error) logger.error({ err: error }, 'a request failed')
      sendUnknownPath(request, response)
    })
  }
}

/** What Elasticsearch says about a path that it does not have. */
function sendUnknownPath({ method, url, headers }: IncomingMessage, response: ServerResponse): void {
  const opaqueId = headers['x-opaque-id']
  if (opaqueId !== undefined) response.setHeader('X-Opaque-Id', opaqueId)
  response.setHeader('X-elastic-product', 'Elasticsearch')
  response.setHeader('content-type', 'application/json')
  response.statusCode = 400
  response.end(JSON.stringify({ error: `no handler found for uri [${url}] and method [${method}]` }))
}

async function listen(server: Server, { host, port }: ServerConfig): Promise<string> {
  try {
    server.listen({ port, ...(host !== undefined && { host }) })
    await once(server, 'listening')
  } catch (cause) {
    const address = host === undefined ? `port ${port}` : `${host}:${port}`
    throw new ConfigError(`cannot listen on ${address}: ${whyNot(cause)}`, { cause })
  }
  return urlOf(server.address() as AddressInfo)
}

function whyNot(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  switch (code) {
    case 'EADDRINUSE':
      return 'the port is in use; choose another with --port or ESQL_ASYNC_PORT'
    case 'EACCES':
      return 'the port is reserved; choose another with --port or ESQL_ASYNC_PORT'
    default:
      return `${code}; check --host or ESQL_ASYNC_HOST`
  }
}

/** An address that a client on this machine can use. */
function urlOf({ address, family, port }: AddressInfo): string {
  const isAny = address === '::' || address === '0.0.0.0'
  const host = isAny ? 'localhost' : family === 'IPv6' ? `[${address}]` : address
  return `http://${host}:${port}`
}

async function closeInOrder(
  server: Server,
  router: AsyncQueryRouter,
  connections: Connections,
  store: AsyncQueryStore,
): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  router.drain()
  connections.end()
  await closed
  await store.close?.()
}
