import type { Request, Response, Router } from 'express'
import { Router as createRouter } from 'express'
import type { Caller, Owner } from '../core/caller'
import { isQueryError, QueryError } from '../core/errors'
import { meterOf } from '../core/meter'
import { unauthenticated } from '../core/unauthenticated'
import type { Command } from '../request/command'
import { RequestReader } from '../request/reader'
import type { RouteMatch } from '../request/routes'
import { allowedMethods, matchRoute, operationOn } from '../request/routes'
import { RequestTelemetry } from '../telemetry/request-log'
import type { RequestRecord } from '../telemetry/request-record'
import { beginRecord } from '../telemetry/request-record'
import { Clients } from './disconnects'
import { sendError } from './error-answer'
import type { Exchange } from './exchange'
import { Handlers } from './operations'
import type { AsyncQueryRouterOptions, ResolvedOptions } from './options'
import { resolveOptions } from './options'
import { Waits } from './waits'

/** An Express router that serves the async query API. */
export interface AsyncQueryRouter extends Router {
  /**
   * Answers every waiting request at once with what there is, 200 and `is_running: true`, and later ones
   * likewise, and asks clients to close their connections. For a process that is about to end. Idempotent.
   */
  drain(): void
  /** How many requests are waiting for a query, or being answered, at this moment. */
  readonly waiting: number
}

/**
 * A router for Elasticsearch's ES|QL async query API: `POST /_query/async`, `GET`, `HEAD` and `DELETE`
 * `/_query/async/{id}`, `POST /_query/async/{id}/stop`. Mount it at `/` or below any prefix; paths that are not
 * among these fall through. An operation that the store does not offer answers 405.
 *
 * Throws a `TypeError` for options that are missing, wrong or unknown.
 */
export function asyncQueryRouter(options: AsyncQueryRouterOptions): AsyncQueryRouter {
  const resolved = resolveOptions(options)
  const meter = meterOf(resolved.meterProvider)
  const clients = new Clients()
  const waits = new Waits(clients, resolved, meter)
  const reception = new Reception(resolved)
  const handlers = new Handlers(resolved, waits, clients)
  const telemetry = new RequestTelemetry(resolved.logger, meter)
  const router = createRouter()
  router.use(function asyncQuery(request, response, next) {
    const route = matchRoute(request.path)
    if (!route) return next()
    const record = beginRecord(response, operationOn(route, request.method))
    const answered = (): void => telemetry.end(record)
    const failed = (error: unknown): void => {
      telemetry.end(record, sendError(error, record.response))
    }
    void reception
      .receive(request, record, route)
      .then((received) => {
        if (!received) return answered()
        // A promise of its own: nothing that it took to receive a request is held while the request waits.
        void handlers.handle(received.command, received.exchange).then(answered, failed)
      })
      .catch(failed)
  })
  return Object.defineProperties(router, {
    drain: { value: () => waits.drain() },
    waiting: { get: () => waits.count },
  }) as AsyncQueryRouter
}

/** Takes a request through its first steps: caller, head, body, validation. */
class Reception {
  readonly #options: ResolvedOptions
  readonly #requests: RequestReader

  constructor(options: ResolvedOptions) {
    this.#options = options
    this.#requests = new RequestReader(options.store, options.maxBodyBytes)
  }

  /** What is to be done, or `undefined` for a request that is answered already. */
  async receive(
    request: Request,
    record: RequestRecord,
    route: RouteMatch,
  ): Promise<{ command: Command; exchange: Exchange } | undefined> {
    const { response } = record
    setCommonHeaders(request, response)
    if (request.method === 'OPTIONS') {
      this.#sendOptions(response, route)
      return undefined
    }
    const caller = await this.#resolveCaller(request)
    const owner = caller.owner as Owner
    record.owner = owner
    assertShortLine(request)

    const { incoming, command } = await this.#requests.read(request, response, route)
    record.queryId = 'id' in command ? command.id : undefined
    return { command, exchange: { request, incoming, caller, owner, response, record } }
  }

  async #resolveCaller(request: Request): Promise<Caller> {
    let caller: Caller | undefined
    try {
      caller = await this.#options.resolveCaller(request)
    } catch (error) {
      if (isQueryError(error)) throw error
      throw new QueryError(
        'no_shard_available_action_exception',
        'callers cannot be identified at the moment, try again later',
        { cause: error },
      )
    }
    if (!caller) throw unauthenticated(new Error('resolveCaller resolved to no caller'))
    // An empty owner would be shared by everybody for whom something went wrong.
    if (typeof caller.owner !== 'string' || caller.owner === '') {
      throw new TypeError('resolveCaller must resolve to a caller whose `owner` is a non-empty string')
    }
    return caller
  }

  #sendOptions(response: Response, route: RouteMatch): void {
    response.setHeader('Allow', allowedMethods(route, this.#options.store).join(','))
    response.setHeader('content-type', 'text/plain')
    response.end()
  }
}

function setCommonHeaders({ headers }: Request, response: Response): void {
  response.setHeader('X-elastic-product', 'Elasticsearch')
  const opaqueId = headers['x-opaque-id']
  if (opaqueId !== undefined) response.setHeader('X-Opaque-Id', opaqueId)
}

/** Elasticsearch's limit on the first line of a request, in bytes (`http.max_initial_line_length`). */
const MAX_LINE_BYTES = 4_096

function assertShortLine({ method, originalUrl, httpVersion }: Request): void {
  const bytes = `${method} ${originalUrl} HTTP/${httpVersion}`.length
  if (bytes > MAX_LINE_BYTES) {
    throw new QueryError(
      'too_long_http_line_exception',
      `An HTTP line is larger than ${MAX_LINE_BYTES} bytes.`,
    )
  }
}
