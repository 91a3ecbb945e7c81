import type { Request } from 'express'
import { isPromise } from '../core/is-promise'
import { assertShortLine } from '../request/head'
import { RequestReader } from '../request/reader'
import type { RouteMatch } from '../request/routes'
import { allowedMethods, namesQuery } from '../request/routes'
import { callerOf } from './callers'
import type { Arrival, Exchange } from './exchange'
import type { ResolvedOptions } from './options'
import { sendAllowed, setCommonHeaders } from './response-headers'

/** Takes a request through its first steps: caller, length of its first line, head, body, validation. */
export class Reception {
  readonly #options: ResolvedOptions
  readonly #reader: RequestReader

  constructor(options: ResolvedOptions) {
    this.#options = options
    this.#reader = new RequestReader(options.store, options.maxBodyBytes, options.strict)
  }

  /** Resolves with the request, or with `undefined` if it is answered already. */
  async receive(request: Request, arrival: Arrival, route: RouteMatch): Promise<Exchange | undefined> {
    const { response } = arrival
    setCommonHeaders(response)
    if (request.method === 'OPTIONS') {
      sendAllowed(response, allowedMethods(route, this.#options.store))
      return undefined
    }
    const caller = await callerOf(request, this.#options)
    arrival.owner = caller.owner
    assertShortLine(request)

    const reading = this.#reader.read(request, route)
    const command = isPromise(reading) ? await reading : reading
    arrival.caller = caller
    arrival.command = command
    if (namesQuery(command.operation)) arrival.queryId = route.id
    return arrival as Exchange
  }
}
