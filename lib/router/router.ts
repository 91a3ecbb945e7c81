import type { Request, RequestHandler, Response, Router } from 'express'
import { Router as createRouter } from 'express'
import { meterOf } from '../core/meter'
import { shareShape } from '../core/shapes'
import type { RouteMatch } from '../request/routes'
import { matchRoute, operationOn } from '../request/routes'
import { RequestTelemetry } from '../telemetry/request-log'
import { Disconnects } from './disconnects'
import { sendError } from './error-answer'
import { beginArrival } from './exchange'
import { ForwardedAnswers } from './forwarded-answers'
import type { Ends } from './operations'
import { Operations } from './operations'
import type { AsyncQueryRouterOptions, ResolvedOptions } from './options'
import { resolveOptions } from './options'
import { Reception } from './reception'
import { breakOffStall } from './stalls'
import { StoredAnswers } from './stored-answers'
import { Waits } from './waits'

/** An Express router that serves the async query API. */
export interface AsyncQueryRouter extends Router {
  /**
   * Ends all waits, for a process that is about to end. Each waiting request answers at once with what there is: 200
   * and `is_running: true`. So do later requests. A synchronous query is cancelled and answers 503, so that its client
   * sends it to another process. Asks clients to close their connections. Idempotent.
   */
  drain(): void
  /** How many requests wait for a query, or are being answered, at this moment. */
  readonly waiting: number
  /** Whether {@link drain} has been called. */
  readonly draining: boolean
}

/**
 * Creates a router for Elasticsearch's ES|QL async query API: `POST /_query/async`, `GET`, `HEAD` and `DELETE`
 * `/_query/async/{id}`, `POST /_query/async/{id}/stop`, `GET /_query/queries` and `/_query/queries/{id}`, and for the
 * synchronous `POST /_query`. Mount it at `/` or below any prefix. All other paths fall through, `GET /` too, which
 * {@link esqlProductInfo} answers. An operation that the store does not offer answers 405.
 *
 * Throws a `TypeError` for options that are missing, wrong or unknown.
 */
export function asyncQueryRouter(options: AsyncQueryRouterOptions): AsyncQueryRouter {
  const resolved = resolveOptions(options)
  const meter = meterOf(resolved.meterProvider)
  const waits = new Waits(new Disconnects(), resolved, meter)
  const reception = new Reception(resolved)
  const telemetry = new RequestTelemetry(resolved.logger, meter)
  const ends: Ends = {
    answered: (arrival) => telemetry.end(arrival),
    failed: (arrival, error) => {
      telemetry.end(arrival, sendError(error, arrival.response))
      breakOffStall(arrival.response, resolved.maxStallMs)
    },
  }
  const operations = operationsOf(resolved, waits, ends)
  const answer = (request: Request, response: Response, route: RouteMatch): void => {
    shareShape(request, 'res')
    const arrival = beginArrival(request, response, operationOn(route, request.method))
    void reception.receive(request, arrival, route).then(
      (exchange) => {
        if (!exchange) return ends.answered(arrival)
        // A promise of its own, so that a waiting request holds nothing of its reception.
        void operations.run(exchange)
      },
      (error) => ends.failed(arrival, error),
    )
  }
  const router: Router & { handle?: RequestHandler } = createRouter()
  const { handle } = router
  // In front of the layers of the router: to call the first of them takes a fourteenth of a poll.
  router.handle = function asyncQuery(request, response, next) {
    try {
      waits.arrive(response)
      const route = matchRoute(request.path)
      if (route) answer(request, response, route)
      else handle?.call(router, request, response, next)
    } catch (error) {
      next(error)
    }
  }
  return Object.defineProperties(router, {
    drain: { value: () => waits.drain() },
    waiting: { get: () => waits.count },
    draining: { get: () => waits.isDraining },
  }) as AsyncQueryRouter
}

function operationsOf(options: ResolvedOptions, waits: Waits, ends: Ends) {
  const { store, logger, maxCachedBytes } = options
  if (store.passThrough)
    return new Operations(options, new ForwardedAnswers(store.passThrough, logger), waits, ends)
  return new Operations(options, new StoredAnswers(store, maxCachedBytes), waits, ends)
}
