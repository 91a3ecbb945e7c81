import type { Request, Response } from 'express'
import type { Caller, CallerContext, Owner } from '../core/caller'
import { isQueryError, QueryError, unavailable } from '../core/errors'
import { unauthenticated } from '../core/unauthenticated'
import { RequestReader } from '../request/reader'
import type { RouteMatch } from '../request/routes'
import { allowedMethods, namesQuery } from '../request/routes'
import type { Arrival, Exchange } from './exchange'
import type { ResolvedOptions } from './options'
import { setCommonHeaders } from './response-headers'

/** Takes a request through its first steps: caller, length of its first line, head, body, validation. */
export class Reception {
  readonly #options: ResolvedOptions
  readonly #reader: RequestReader
  readonly #context: CallerContext

  constructor(options: ResolvedOptions) {
    this.#options = options
    this.#context = { logger: options.logger }
    this.#reader = new RequestReader(options.store, options.maxBodyBytes, options.strict)
  }

  /** Resolves with the request, or with `undefined` if it is answered already. */
  async receive(request: Request, arrival: Arrival, route: RouteMatch): Promise<Exchange | undefined> {
    const { response } = arrival
    setCommonHeaders(response)
    if (request.method === 'OPTIONS') {
      this.#sendOptions(response, route)
      return undefined
    }
    const caller = await this.#resolveCaller(request)
    const owner = caller.owner as Owner
    arrival.owner = owner
    assertShortLine(request)

    const command = await this.#reader.read(request, route)
    const queryId = namesQuery(command.operation) ? route.id : undefined
    return Object.assign(arrival, { owner, queryId, caller, command })
  }

  async #resolveCaller(request: Request): Promise<Caller> {
    let caller: Caller | undefined
    try {
      caller = await this.#options.resolveCaller(request, this.#context)
    } catch (error) {
      if (isQueryError(error)) throw error
      throw unavailable('callers cannot be identified at the moment, try again later', error)
    }
    if (!caller) throw unauthenticated(new Error('resolveCaller resolved to no caller'))
    // All callers for whom something went wrong would share an empty owner.
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
