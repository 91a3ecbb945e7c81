import type { Request } from 'express'
import { illegalArgument } from '../core/errors'
import { isPromise } from '../core/is-promise'
import type { Operation } from '../core/operations'
import type { JsonLabel } from '../core/pass-through'
import type { Value, ValueObject } from '../core/result'
import type { AsyncQueryStore } from '../core/store'
import { inOrder, inTurns } from '../core/turns'
import type { ObjectFormat } from '../formats/formats'
import type { JsonNode } from '../json/parse'
import { isAsSent, LONGEST_SIDE_BY_SIDE, PackedBody, RequestBody } from './body'
import type { Command } from './command'
import { readCommand, sourceOf, unknownSourceType } from './command'
import type { Decode, OtherFormat } from './decoders/decoders'
import { loadDecoder, MissingPackageError } from './decoders/decoders'
import { fingerprintOf } from './fingerprint'
import type { OperationRequest, RequestHead } from './head'
import { headerValues, readHead, requestKey } from './head'
import { readIdempotencyKey } from './idempotency-key'
import { checkBodyMediaType, jsonLabelOf, unsupportedBody } from './media-type'
import type { ValidateRequest } from './openapi'
import { createRequestValidator } from './openapi'
import { ownParameters } from './parameters'
import { ReadingCache } from './reading-cache'
import type { RouteMatch } from './routes'
import { allowedMethods, offers, operationOn, wrongMethod } from './routes'
import type { BodyFields, BodyOperation } from './submit-fields'
import { readBody, takesBody } from './submit-fields'
import { submitBodyOf, untouchedBodyOf } from './submit-text'

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

  /** Throws Elasticsearch's error for the first fault that Elasticsearch would find. Gives a command that it knows at once. */
  read(request: Request, route: RouteMatch): Command | Promise<Command> {
    const sent = new RequestBody(request, this.#maxBodyBytes)
    const existence = sent.exists()
    if (!isPromise(existence)) return this.#recall(request, route, sent, existence)
    return existence.then((hasBody) => this.#recall(request, route, sent, hasBody))
  }

  #recall(
    request: Request,
    route: RouteMatch,
    sent: RequestBody,
    hasBody: boolean,
  ): Command | Promise<Command> {
    if (hasBody) return this.#readAnew(request, route, sent)
    const cacheKey = requestKey(request, route)
    return this.#cache.find(cacheKey, route.id) ?? this.#readAnew(request, route, sent, cacheKey)
  }

  #readAnew(request: Request, route: RouteMatch, sent: RequestBody, cacheKey?: string): Promise<Command> {
    const hasBody = cacheKey === undefined
    const head = readHead(request, route.id, hasBody, this.#isLenient)
    const operation = this.#operationOf(request, route)
    const format = hasBody ? checkBodyMediaType(head.mediaTypes) : undefined
    if (!takesBody(operation)) return this.#readBodiless({ operation, ...head }, cacheKey)
    const key = readIdempotencyKey(headerValues(request, 'idempotency-key'), operation, this.#store)
    const body = format ? sentBody(head, format, sent) : sourceBody(head)
    return this.#readSubmitted({ operation, ...head }, body, key, () => sent.assertSenderIsThere())
  }

  async #readBodiless(request: OperationRequest, cacheKey: string | undefined): Promise<Command> {
    const command = await this.#toCommand(request)
    if (cacheKey !== undefined) this.#cache.add(cacheKey, command)
    return command
  }

  async #readSubmitted(
    request: OperationRequest & { operation: BodyOperation },
    body: LabelledBody,
    key: string | undefined,
    assertWanted: () => void,
  ): Promise<Command> {
    const { operation } = request
    const { format } = body
    // A synchronous query has no times, so only the cluster has to understand it.
    const isUnread = this.#isLenient && operation === 'query' && format !== 'json'
    const decode = isUnread || format === 'json' ? undefined : this.#decoderOf(format, body.refusal)
    let content = await body.content()
    const unpack = async () => {
      if (content instanceof PackedBody) content = await content.unpack()
    }
    if (isUnread) {
      await unpack()
      if (isAsSent(content)) {
        return Object.assign(await this.#toCommand(request), { body: untouchedBodyOf(content) })
      }
    }
    const work = () => readBody(content, operation, this.#isLenient, decode)
    const reading = isLong(content)
      ? inOrder(() => unpack().then(work), assertWanted)
      : inTurns(work(), assertWanted)
    const { root, fields } = isPromise(reading) ? await reading : reading
    const command = await this.#toCommand(request, root?.value, fields)
    if (key !== undefined) await setIdempotency(command, key, assertWanted)
    return root && this.#store.passThrough ? passedOn(command, request, body, content, root) : command
  }

  #decoderOf(format: OtherFormat, refusal: LabelledBody['refusal']): Decode {
    try {
      const decode = loadDecoder(format)
      return (bytes) => decode(bytes, this.#maxBodyBytes)
    } catch (error) {
      throw error instanceof MissingPackageError ? refusal(error) : error
    }
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

/** A body, and what the client calls it. */
interface LabelledBody {
  format: ObjectFormat
  type: string
  content(): unknown
  /** The refusal of the format, where a package for it is missing. */
  refusal(cause: MissingPackageError): Error
}

function sentBody({ mediaTypes }: RequestHead, format: ObjectFormat, sent: RequestBody): LabelledBody {
  return {
    format,
    type: mediaTypes.rawContentType ?? '',
    content: () => sent.content(),
    refusal: (cause) => unsupportedBody(mediaTypes, cause),
  }
}

function sourceBody(head: RequestHead): LabelledBody {
  const { content, format, type } = sourceOf(head)
  return { format, type, content: () => content, refusal: (cause) => unknownSourceType(type, cause) }
}

async function setIdempotency(command: Command, key: string, assertWanted: () => void): Promise<void> {
  if (command.operation !== 'submit') return
  const fingerprint = await inTurns(fingerprintOf(identityOf(command)), assertWanted)
  command.idempotency = { key, fingerprint }
}

/** The command with its body, which goes on as text. A wait need not hold the query in our words too. */
function passedOn(
  command: Command,
  request: OperationRequest,
  { format, type }: LabelledBody,
  content: unknown,
  root: JsonNode,
): Command {
  if ('request' in command) delete command.request
  if (format === 'json') return Object.assign(command, { body: submitBodyOf(content, root) })
  const label = jsonLabelOf(type, isFormatOpen(request))
  if (!isAsSent(content))
    return Object.assign(relabelled(command, label), { body: submitBodyOf(content, root) })
  const sent = command.operation === 'query' ? untouchedBodyOf(content) : submitBodyOf(content, root, label)
  return Object.assign(command, { body: sent })
}

/** A host application has parsed the body, which goes on as JSON. */
function relabelled(command: Command, { contentType: rawContentType }: JsonLabel): Command {
  const { head } = command
  const mediaTypes = { ...head.mediaTypes, rawContentType }
  return Object.assign(command, { head: { ...head, mediaTypes } })
}

/** Whether the format of the body decides the format of the answer. */
function isFormatOpen({ parameters, mediaTypes }: RequestHead): boolean {
  return parameters.format === undefined && mediaTypes.accept === undefined
}

/**
 * What makes a submit the same as another one: the query, and how it is kept. Each of them chooses its own wait and format, as
 * a get does.
 */
function identityOf({ request, keepAliveMs, keepOnCompletion }: Extract<Command, { operation: 'submit' }>) {
  return { request, keepAliveMs, keepOnCompletion } as ValueObject
}

/** As far as it is known: a host application that has parsed a body keeps none of it. */
function isLong(content: unknown): boolean {
  return content instanceof PackedBody || (isAsSent(content) && content.length > LONGEST_SIDE_BY_SIDE)
}
