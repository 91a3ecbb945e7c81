import { once } from 'node:events'
import type { Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { messageOf } from '../core/message-of'
import type { Logger, ResolveCaller } from '../index'
import { asyncQueryRouter, gracefulShutdown } from '../index'
import type { AppParts } from './app'
import { createApp } from './app'
import type { ServerConfig } from './config'
import { isExposed, kindOf } from './config'
import { ConfigError } from './config-error'
import { consolePage } from './console'
import type { DevelopmentAccess } from './development-mode'
import { LiveCatalogue } from './live-catalogue'
import { startMetrics } from './metrics'
import { openStore } from './open-store'

/** A gateway that listens. `url` is an address that a client on this machine can use. */
export interface RunningServer {
  url: string
  /**
   * Says that it is not ready, and goes on as before for the configured delay. Then takes no new connections, answers
   * waiting requests with the state of their queries, gives answers that are being sent the configured time to finish,
   * and closes the store. `graceMs` ends the delay, and allows no more than this time from now on.
   */
  close(graceMs?: number): Promise<void>
}

/** Longer than load balancers keep idle connections, so that they never send a request on one that just ended. */
const KEEP_ALIVE_MS = 75_000

/**
 * Builds the gateway of a configuration and listens, until it is closed or one of `signals` comes. Throws a {@link ConfigError} if the database cannot be used, or the
 * address is not free.
 */
export async function startServer(
  config: ServerConfig,
  access: { resolveCaller: ResolveCaller } | DevelopmentAccess,
  logger: Logger,
  signals: readonly NodeJS.Signals[] = [],
): Promise<RunningServer> {
  const { resolveCaller } = access
  // The router and the stores look for OpenTelemetry when they are created.
  const endMetrics = await startMetrics(config.metrics, process.env, logger)
  const catalogue = new LiveCatalogue(config, logger)
  const { store, close: closeStore } = await openStore(config, catalogue, logger).catch(async (error) => {
    catalogue.close()
    await endMetrics()
    throw error
  })
  const router = asyncQueryRouter({ store, resolveCaller, logger, ...config.router })
  const page = 'alice' in access ? pageOf(config, access, catalogue) : undefined
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS })
  const close = async (): Promise<void> => {
    catalogue.close()
    await closeStore().finally(endMetrics)
  }
  const { shutdownDelayMs: delayMs, shutdownGraceMs: graceMs } = config
  const shutdown = gracefulShutdown(server, router, { close }, { delayMs, graceMs, logger, signals })
  const isLeaving = (): boolean => shutdown.begun
  server.on('request', createApp(config, { router, store, resolveCaller, logger, isLeaving, page }))
  const url = await listen(server, config).catch(async (error: unknown) => {
    await shutdown.end(0)
    throw error
  })
  return { url, close: (graceMs) => shutdown.end(graceMs) }
}

function pageOf(config: ServerConfig, access: DevelopmentAccess, catalogue: LiveCatalogue): AppParts['page'] {
  const queries = () => catalogue.queries
  return consolePage({ access, serves: kindOf(config), isExposed: isExposed(config), queries })
}

async function listen(server: Server, { host, port }: ServerConfig): Promise<string> {
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (cause) {
    const hint = 'choose others with --host and --port, or ESQL_ASYNC_HOST and ESQL_ASYNC_PORT'
    throw new ConfigError(`${messageOf(cause)}; ${hint}`, { cause })
  }
  return urlOf(server.address() as AddressInfo)
}

function urlOf({ address, family, port }: AddressInfo): string {
  const isAny = address === '::' || address === '0.0.0.0'
  const host = isAny ? 'localhost' : family === 'IPv6' ? `[${address}]` : address
  return `http://${host}:${port}`
}
