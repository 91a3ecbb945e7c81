import type { Request } from 'express'
import { illegalArgument } from '../core/errors'
import type { AsyncQueryStore, Operation } from '../core/store'
import type { JsonNode } from '../json/parse'
import { RequestBody, readJson } from './body'
import type { Command } from './command'
import { readCommand, readSource } from './command'
import type { OperationRequest } from './head'
import { readHead, requestKey } from './head'
import { checkBodyMediaType } from './media-type'
import type { ValidateRequest } from './openapi'
import { createRequestValidator } from './openapi'
import { ownParameters } from './parameters'
import { ReadingCache } from './reading-cache'
import type { RouteMatch } from './routes'
import { allowedMethods, offers, operationOn, wrongMethod } from './routes'
import { takesBody } from './submit-fields'
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
    let body: JsonNode | undefined
    if (takesBody(operation)) {
      body = hasBody ? readJson(await sent.content()) : readSource(head)
    }
    const command = await this.#toCommand({ ...head, operation }, body)
    if (!hasBody) this.#cache.add(key, command)
    if (!body || !this.#store.passThrough) return command
    return { ...command, body: submitBodyOf(hasBody ? await sent.content() : undefined, body) } as Command
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
  async #toCommand(request: OperationRequest, body: JsonNode | undefined): Promise<Command> {
    const { operation, id, parameters, hasBody, isLenient } = request
    const documented = isLenient
      ? { operation, id, parameters: ownParameters(parameters), body: undefined }
      : { operation, id, parameters, body: hasBody ? body?.value : undefined }
    try {
      await this.#validate(documented)
    } catch (error) {
      readCommand(request, body)
      throw illegalArgument(error instanceof Error ? error.message : 'the request is not valid', {
        cause: error,
      })
    }
    return readCommand(request, body)
  }
}
