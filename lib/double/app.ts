import type { Express, RequestHandler } from 'express'
import express from 'express'
import type { ResolveCaller } from '../core/caller'
import type { Clock } from '../core/clock'
import { QueryError } from '../core/errors'
import type { AsyncQueryStore } from '../core/store'
import { esqlErrorHandler } from '../router/error-handler'
import { esqlProductInfo } from '../router/info/product-info'
import type { AsyncQueryRouterOptions } from '../router/options'
import { asyncQueryRouter } from '../router/router'
import { allowOrigins } from '../server/cors'
import { isToOwnHost, OWN_ORIGIN } from '../server/loopback'
import { sendUnknownPath } from '../server/unknown-path'
import type { PlannedFaults } from './faults/planned-faults'
import type { Journal } from './journal'
import { quietLogger } from './quiet-logger'
import { Reception } from './reception'

/** What a double is made of, for its HTTP side. */
export interface AppParts {
  readonly store: AsyncQueryStore
  readonly journal: Journal
  readonly faults: PlannedFaults
  readonly clock: Clock
  /** Whether it answers for a cluster, whose rows are not for everybody. */
  readonly isGateway: boolean
  readonly resolveCaller: ResolveCaller
  readonly release: '9.5' | '8.19'
  readonly router: Partial<AsyncQueryRouterOptions>
}

/** Every page may ask a double, with credentials: it has nothing that anybody could steal. */
const EVERY_ORIGIN = {
  allowOrigin: /^/,
  allowCredentials: true,
  allowHeaders: [
    'Authorization',
    'Content-Type',
    'Accept',
    'Idempotency-Key',
    'X-Opaque-Id',
    'X-Elastic-Client-Meta',
    'X-Double-Session',
    'Traceparent',
  ],
  maxAgeMs: 600_000,
}

const DEFAULT_MAX_BODY_BYTES = 2 ** 24

/** Refuses requests that a foreign page has sent under a name of its own for this machine. */
const refuseStrangers: RequestHandler = (request, _response, next) => {
  if (isToOwnHost(request.headers)) return next()
  throw new QueryError('security_exception', 'a double that records is for this machine alone', {
    status: 403,
  })
}

/** The double as an application. */
export function createDoubleApp({
  store,
  journal,
  faults,
  clock,
  isGateway,
  resolveCaller,
  release,
  router,
}: AppParts): Express {
  const logger = quietLogger()
  const served = { store, resolveCaller, logger }
  const { maxBodyBytes = DEFAULT_MAX_BODY_BYTES } = router
  const app = express().disable('x-powered-by').set('env', 'production')
  if (isGateway) app.use(refuseStrangers)
  app.use(allowOrigins(isGateway ? { ...EVERY_ORIGIN, allowOrigin: OWN_ORIGIN } : EVERY_ORIGIN))
  app.use(new Reception(journal, resolveCaller, store, maxBodyBytes).handler)
  app.use(strike(journal, faults, clock))
  if (release === '8.19') app.use(withoutLists)
  app.use(asyncQueryRouter({ ...served, ...router, maxBodyBytes }))
  app.use(esqlProductInfo({ ...served, version: `${release}.0` }))
  app.use(esqlErrorHandler())
  return app.use(sendUnknownPath)
}

/** Before 9.1, Elasticsearch does not list running queries. */
const withoutLists: RequestHandler = (request, response, next) => {
  if (request.path.startsWith('/_query/queries')) sendUnknownPath(request, response)
  else next()
}

/** Lets a fault come true that is planned for the request. */
function strike(journal: Journal, faults: PlannedFaults, clock: Clock): RequestHandler {
  return async (_request, _response, next) => {
    const visit = journal.current
    const fault = visit && faults.take(visit.entry)
    if (!visit || !fault) return next()
    visit.entry.fault = fault.name
    if (await fault.strike({ visit, clock })) next()
  }
}
