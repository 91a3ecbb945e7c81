import type { Request } from 'express'
import { illegalArgument } from '../core/errors'
import type { Operation } from '../core/operations'
import type { Value } from '../core/result'
import type { AsyncQueryStore } from '../core/store'
import { inOrder, inTurns } from '../core/turns'
import { LONGEST_SIDE_BY_SIDE, PackedBody, RequestBody } from './body'
import type { Command } from './command'
import { readCommand, sourceOf } from './command'
import type { OperationRequest } from './head'
import { readHead, requestKey } from './head'
import { checkBodyMediaType } from './media-type'
import type { ValidateRequest } from './openapi'
import { createRequestValidator } from './openapi'
import { ownParameters } from './parameters'
import { ReadingCache } from './reading-cache'
import type { RouteMatch } from './routes'
import { allowedMethods, offers, operationOn, wrongMethod } from './routes'
import type { BodyFields } from './submit-fields'
import { readBody, takesBody } from './submit-fields'
import { submitBodyOf } from './submit-text'

/** Reads requests after their caller is known: head, operation and body. Validates them against `api-spec.yaml`. */
export class RequestReader {
  readonly #store: AsyncQueryStore
  readonly #maxBodyBytes: number
  readonly #isLenient: boolean
  readonly #validate: ValidateRequest
  readonly #cache = new ReadingCache()

  /** `isStrict`: refuse what is not known in front of another server too, and do not hand it on. */
  constructor(store: AsyncQueryStore, maxBodyBytes: number, isStrict: boolean) {
    this.#store = store
    this.#maxBodyBytes = maxBodyBytes
    this.#isLenient = store.passThrough !== undefined && !isStrict
    this.#validate = createRequestValidator()
  }

  /** Throws Elasticsearch's error for the first fault that Elasticsearch would find. */
  async read(request: Request, route: RouteMatch): Promise<Command> {
    const sent = new RequestBody(request, this.#maxBodyBytes)
    const hasBody = await sent.exists()
    const key = `${operationOn(route, request.method)} ${requestKey(request)}`
    const cached = hasBody ? undefined : this.#cache.find(key, route.id)
    if (cached) return cached

    const head = readHead(request, route.id, hasBody, this.#isLenient)
    const operation = this.#operationOf(request, route)
    if (hasBody) checkBodyMediaType(head.mediaTypes)
    if (!takesBody(operation)) {
      const command = await this.#toCommand({ ...head, operation })
      if (!hasBody) this.#cache.add(key, command)
      return command
    }
    let content = hasBody ? await sent.content() : sourceOf(head)
    const work = () => readBody(content, operation, this.#isLenient)
    const unpackedWork = async () => {
      if (content instanceof PackedBody) content = await content.unpack()
      return work()
    }
    const assertWanted = (): void => sent.assertSenderIsThere()
    const reading = isLong(content) ? inOrder(unpackedWork, assertWanted) : inTurns(work(), assertWanted)
    const { root, fields } = reading instanceof Promise ? await reading : reading
    const command = await this.#toCommand({ ...head, operation }, root?.value, fields)
    if (!root || !this.#store.passThrough) return command
    // It goes on as text, and a wait need not hold both.
    if ('request' in command) delete command.request
    return Object.assign(command, { body: submitBodyOf(content, root) })
  }

  #operationOf({ method, originalUrl }: Request, route: RouteMatch): Operation {
    const operation = operationOn(route, method)
    if (operation && offers(this.#store, operation)) return operation
    throw wrongMethod(originalUrl, method, allowedMethods(route, this.#store))
  }

  /**
   * Validates a request against the document and reads it. If the document does not allow the request, reading it
   * throws Elasticsearch's error for that. Of a request that another server judges, it validates what the gateway acts on:
   * the id and the times of the URL. The times of a body are read field by field.
   */
  async #toCommand(request: OperationRequest, body?: Value, fields: BodyFields = {}): Promise<Command> {
    const { operation, id, parameters, hasBody, isLenient } = request
    const documented = isLenient
      ? { operation, id, parameters: ownParameters(parameters), body: undefined }
      : { operation, id, parameters, body: hasBody ? body : undefined }
    try {
      await this.#validate(documented)
    } catch (error) {
      readCommand(request, fields)
      throw illegalArgument(error instanceof Error ? error.message : 'the request is not valid', {
        cause: error,
      })
    }
    return readCommand(request, fields)
  }
}

/** As far as it is known: a host application that has parsed a body keeps none of it. */
function isLong(content: unknown): boolean {
  const isText = Buffer.isBuffer(content) || typeof content === 'string'
  return content instanceof PackedBody || (isText && content.length > LONGEST_SIDE_BY_SIDE)
}
