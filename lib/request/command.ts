import { illegalArgument, QueryError } from '../core/errors'
import type { Idempotency } from '../core/idempotency'
import type { Operation } from '../core/operations'
import type { SubmitBody } from '../core/pass-through'
import type { QueryRequest } from '../core/store'
import { parseTimeValue } from '../core/time-value'
import type { ObjectFormat } from '../formats/formats'
import type { Presentation } from '../formats/writer'
import type { OperationRequest, RequestHead } from './head'
import { bodyFormatOf } from './media-type'
import type { NegotiatedFormat } from './negotiation'
import { errorMediaType, negotiateFormat } from './negotiation'
import { assertKnownParameters, readFlag, readOptionalBoolean, SOURCE } from './parameters'
import { namesQuery } from './routes'
import type { Submission } from './submission'
import { interpretQuery, interpretSubmitBody, validateQuery } from './submission'
import type { BodyFields } from './submit-fields'

/** How to write a query for the client. */
export interface Output {
  format: NegotiatedFormat
  presentation: Presentation
}

/** How to write the body of an answer that is not a query. */
export interface ObjectOutput {
  format: ObjectFormat
  contentType: string
  pretty: boolean
  filterPath: string | undefined
}

/** The parts of a request that go on to a server behind the gateway as they are. */
export type SentHead = Pick<RequestHead, 'parameters' | 'sentParameters' | 'mediaTypes'>

/**
 * What a request asks for, in the terms of a store. Has no times that the client did not send, and no id: requests for
 * many queries share one command.
 */
export type Command = OperationCommand & { readonly head: SentHead }

type OperationCommand =
  | ({ operation: 'query' } & QueryText)
  | ({ operation: 'submit'; idempotency?: Idempotency } & QueryText & Omit<Submission, 'request'>)
  | {
      operation: 'get' | 'head'
      output: Output
      waitForCompletionTimeoutMs?: number
      keepAliveMs?: number
    }
  | { operation: 'stop'; output: Output }
  | { operation: 'delete' | 'list' | 'show'; output: ObjectOutput }

/** A store gets the query in our words, or one that passes through gets the bytes. */
interface QueryText {
  output: Output
  /** Left out where another server reads the query. */
  request?: QueryRequest
  body?: SubmitBody
}

/**
 * Reads a request, and throws Elasticsearch's error for the first fault. The order of the checks is that of
 * Elasticsearch. `fields`: those of the body of a submit.
 */
export function readCommand(request: OperationRequest, fields: BodyFields): Command {
  const { parameters, sentParameters, mediaTypes } = request
  const command = { head: { parameters, sentParameters, mediaTypes }, ...readOperation(request, fields) }
  // No store has an empty id. The store judges every other one.
  if (namesQuery(request.operation) && request.id === '') throw illegalArgument('invalid id: []')
  return command
}

/** Reads a request for what the product says about itself. It is pretty unless the request says otherwise. */
export function readInfo(head: RequestHead): ObjectOutput {
  assertWellFormed({ ...head, operation: 'info' })
  const pretty = head.parameters.pretty === undefined || head.pretty
  return readObjectOutput({ ...head, pretty })
}

function readOperation(request: OperationRequest, fields: BodyFields): OperationCommand {
  const { operation } = request
  switch (operation) {
    case 'query':
      return { operation, ...readSubmitted(request, interpretQuery(fields)) }
    case 'submit': {
      const { request: query, ...times } = interpretSubmitBody(fields)
      return { operation, ...times, ...readSubmitted(request, query) }
    }
    case 'get':
    case 'head':
      return readGet(request, operation)
    case 'stop':
      assertWellFormed(request)
      return { operation, output: readOutput(request) }
    case 'delete':
    case 'list':
    case 'show':
      assertWellFormed(request)
      return { operation, output: readObjectOutput(request) }
  }
}

/** Reads the rest of a request whose body holds a query. */
function readSubmitted(
  head: OperationRequest,
  query: QueryRequest,
): { request?: QueryRequest; output: Output } {
  const { operation, parameters, path, hasBody, isLenient } = head
  const allowPartialResults = isLenient ? undefined : readOptionalBoolean(parameters, 'allow_partial_results')
  assertKnownParameters(operation, parameters, path, hasBody ? [] : SOURCE, isLenient)
  const format = readFormat(head, query)
  if (!isLenient) validateQuery(query)
  const output = { format, presentation: readPresentation(head, format) }
  if (isLenient) return { output }
  return { output, request: { ...query, ...(allowPartialResults !== undefined && { allowPartialResults }) } }
}

function readGet(request: OperationRequest, operation: 'get' | 'head'): OperationCommand {
  const waitForCompletionTimeoutMs = readTime(request, 'wait_for_completion_timeout')
  const keepAliveMs = readTime(request, 'keep_alive')
  assertWellFormed(request)
  return {
    operation,
    output: readOutput(request),
    ...(waitForCompletionTimeoutMs !== undefined && { waitForCompletionTimeoutMs }),
    ...(keepAliveMs !== undefined && { keepAliveMs }),
  }
}

/** The text of a request that has no body and needs one, and its format. Throws Elasticsearch's error for wrong parameters. */
export function sourceOf({ parameters }: RequestHead): {
  content: string
  format: ObjectFormat
  type: string
} {
  const { source, source_content_type: contentType } = parameters
  if (source === undefined) {
    throw new QueryError('parse_exception', 'request body or source parameter is required')
  }
  if (contentType === undefined) {
    throw new QueryError(
      'validation_exception',
      'Validation Failed: 1: source and source_content_type parameters are required;',
    )
  }
  const format = bodyFormatOf(contentType)
  if (!format) throw unknownSourceType(contentType)
  return { content: source, format, type: contentType }
}

/** The refusal of a `source_content_type`. `cause` is for the log. */
export function unknownSourceType(contentType: string, cause?: unknown): QueryError {
  return illegalArgument(`Unknown value for source_content_type [${contentType}]`, { cause })
}

/** The last checks of a request to an operation that takes no body. */
function assertWellFormed(request: RequestHead & { operation: Operation | 'info' }): void {
  const { operation, parameters, method, uri, path, hasBody, isLenient } = request
  assertKnownParameters(operation, parameters, path, [], isLenient)
  if (hasBody) throw illegalArgument(`request [${method} ${uri}] does not support having a body`)
}

function readTime({ parameters }: OperationRequest, name: string): number | undefined {
  const text = parameters[name]
  return text === undefined ? undefined : parseTimeValue(name, text)
}

function readOutput(request: OperationRequest): Output {
  const format = readFormat(request)
  return { format, presentation: readPresentation(request, format) }
}

function readFormat(request: OperationRequest, submitted?: QueryRequest): NegotiatedFormat {
  const { operation, parameters, mediaTypes, path, isLenient } = request
  return negotiateFormat({
    operation: submitted ? 'submit' : operation === 'stop' ? operation : 'get',
    formatParameter: parameters.format,
    delimiterPresent: parameters.delimiter !== undefined,
    path,
    submitted,
    isLenient,
    ...mediaTypes,
  })
}

function readPresentation(
  { operation, parameters, pretty, human, isLenient }: OperationRequest,
  { header }: NegotiatedFormat,
): Presentation {
  const { delimiter, filter_path: filterPath } = parameters
  return {
    // Elasticsearch reads this parameter after the query has run, and refuses a bad value only then.
    dropNullColumns: readFlag(parameters, 'drop_null_columns', isLenient),
    pretty,
    human,
    header,
    ...(operation === 'query' && { isSync: true }),
    ...(filterPath !== undefined && { filterPath }),
    ...(delimiter !== undefined && { delimiter }),
  }
}

function readObjectOutput({ parameters, mediaTypes, pretty }: RequestHead): ObjectOutput {
  const media = errorMediaType({ formatParameter: parameters.format, ...mediaTypes })
  return { pretty, filterPath: parameters.filter_path, ...media }
}
