import type { Request } from 'express'
import { illegalArgument, RoutingError } from '../core/errors'
import type { Value } from '../core/result'
import type { AsyncQueryStore, Operation, QueryRequest } from '../core/store'
import { inOrder, inTurns } from '../core/turns'
import { RequestBody } from './body'
import type { Command } from './command'
import { readCommand, sourceOf } from './command'
import type { OperationRequest } from './head'
import { readHead, requestKey } from './head'
import { checkBodyMediaType } from './media-type'
import type { ValidateRequest } from './openapi'
import { createRequestValidator } from './openapi'
import { ReadingCache } from './reading-cache'
import type { RouteMatch } from './routes'
import { allowedMethods, offers, operationOn } from './routes'
import type { BodyFields } from './submit-fields'
import { readBody } from './submit-fields'
import { submitBodyOf } from './submit-text'

/** Longer bodies are read one after the other: what is made of them may take thirty times their length. */
const LONGEST_SIDE_BY_SIDE = 2 ** 20

/** Stands for the request of a submit that passes through. It goes on as text, and a wait need not hold both. */
const PASSED_ON: QueryRequest = Object.freeze({ query: '' })

/** Reads requests after their caller is known: head, operation and body. Validates them against `api-spec.yaml`. */
export class RequestReader {
  readonly #store: AsyncQueryStore
  readonly #maxBodyBytes: number
  readonly #validate: ValidateRequest
  readonly #cache = new ReadingCache()

  constructor(store: AsyncQueryStore, maxBodyBytes: number) {
    this.#store = store
    this.#maxBodyBytes = maxBodyBytes
    this.#validate = createRequestValidator()
  }

  /** Throws Elasticsearch's error for the first fault that Elasticsearch would find. */
  async read(request: Request, route: RouteMatch): Promise<Command> {
    const sent = new RequestBody(request, this.#maxBodyBytes)
    const hasBody = await sent.exists()
    const key = `${operationOn(route, request.method)} ${requestKey(request)}`
    const cached = hasBody ? undefined : this.#cache.find(key, route.id)
    if (cached) return cached

    const head = readHead(request, route.id, hasBody)
    const operation = this.#operationOf(request, route)
    if (hasBody) checkBodyMediaType(head.mediaTypes)
    if (operation !== 'submit') {
      const command = await this.#toCommand({ ...head, operation })
      if (!hasBody) this.#cache.add(key, command)
      return command
    }
    const content = hasBody ? await sent.content() : sourceOf(head)
    const assertWanted = (): void => sent.assertSenderIsThere()
    const read = lengthOf(content) > LONGEST_SIDE_BY_SIDE ? inOrder : inTurns
    const reading = read(readBody(content), assertWanted)
    const { root, fields } = reading instanceof Promise ? await reading : reading
    const command = await this.#toCommand({ ...head, operation }, root?.value, fields)
    if (!root || !this.#store.passThrough) return command
    return { ...command, request: PASSED_ON, body: submitBodyOf(content, root) } as Command
  }

  #operationOf({ method, originalUrl }: Request, route: RouteMatch): Operation {
    const operation = operationOn(route, method)
    if (operation && offers(this.#store, operation)) return operation
    const allowed = allowedMethods(route, this.#store)
    throw new RoutingError(
      405,
      `Incorrect HTTP method for uri [${originalUrl}] and method [${method}], allowed: [${allowed.join(', ')}]`,
      { Allow: allowed.join(',') },
    )
  }

  /**
   * Validates a request against the document and reads it. If the document does not allow the request, reading it
   * throws Elasticsearch's error for that.
   */
  async #toCommand(request: OperationRequest, body?: Value, fields: BodyFields = {}): Promise<Command> {
    const { operation, id, parameters, hasBody } = request
    try {
      await this.#validate({ operation, id, parameters, body: hasBody ? body : undefined })
    } catch (error) {
      readCommand(request, fields)
      throw illegalArgument(error instanceof Error ? error.message : 'the request is not valid', {
        cause: error,
      })
    }
    return readCommand(request, fields)
  }
}

/** The length of a body, or what is known of it: a host application that has parsed a body keeps none. */
function lengthOf(content: unknown): number {
  return Buffer.isBuffer(content) || typeof content === 'string' ? content.length : 0
}
