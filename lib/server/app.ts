import type { Express, RequestHandler } from 'express'
import express from 'express'
import type { AsyncQueryRouter, AsyncQueryStore, Logger, ResolveCaller } from '../index'
import { esqlProductInfo, healthHandler, QueryError, readyHandler } from '../index'
import { compressAnswers } from './compression'
import type { ServerConfig } from './config'
import { allowOrigins } from './cors'
import { sendUnknownPath } from './unknown-path'

/** What the gateway is made of. */
export interface AppParts {
  router: AsyncQueryRouter
  store: AsyncQueryStore
  resolveCaller: ResolveCaller
  logger: Logger
  /** Whether clients are asked to leave, which is before the router drains. */
  isLeaving: () => boolean
  /** The page of development mode. */
  page: RequestHandler | undefined
}

/** The gateway as an application. In other environments than production, Express answers a bug with its stack. */
export function createApp(config: ServerConfig, parts: AppParts): Express {
  const { router, store, resolveCaller, logger, isLeaving, page } = parts
  const app = express().disable('x-powered-by').set('env', 'production')
  if (page) app.use(page)
  if (config.cors) app.use(allowOrigins(config.cors))
  if (config.compresses) app.use(compressAnswers())
  app.use(router)
  app.use(esqlProductInfo({ store, resolveCaller, logger, ...config.info }))
  const drain = (): void => {
    if (isLeaving()) throw new QueryError('no_shard_available_action_exception', 'shutting down')
  }
  app.get('/healthz', healthHandler())
  app.get('/readyz', readyHandler({ store, resolveCaller, logger, checks: { drain } }))
  return app.use(sendUnknownPath)
}
