import { illegalArgument, QueryError } from '../core/errors'
import type { SubmitBody } from '../core/store'
import { parseTimeValue } from '../core/time-value'
import type { ObjectFormat } from '../formats/formats'
import type { Presentation } from '../formats/writer'
import type { OperationRequest, RequestHead } from './head'
import { isJsonMediaType } from './media-type'
import type { NegotiatedFormat } from './negotiation'
import { errorMediaType, negotiateFormat } from './negotiation'
import { assertKnownParameters, readFlag, readOptionalBoolean } from './parameters'
import type { Submission } from './submission'
import { interpretSubmitBody, validateSubmission } from './submission'
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
export type SentHead = Pick<RequestHead, 'parameters' | 'mediaTypes'>

/**
 * What a request asks for, in the terms of a store. Has no times that the client did not send, and no id: requests for
 * many queries share one command.
 */
export type Command = OperationCommand & { readonly head: SentHead }

type OperationCommand =
  | ({ operation: 'submit'; output: Output; body?: SubmitBody } & Submission)
  | {
      operation: 'get' | 'head'
      output: Output
      waitForCompletionTimeoutMs?: number
      keepAliveMs?: number
    }
  | { operation: 'stop'; output: Output }
  | { operation: 'delete'; output: ObjectOutput }

/**
 * Reads a request, and throws Elasticsearch's error for the first fault. The order of the checks is that of
 * Elasticsearch. `fields`: those of the body of a submit.
 */
export function readCommand(request: OperationRequest, fields: BodyFields): Command {
  const { parameters, mediaTypes } = request
  const command = { head: { parameters, mediaTypes }, ...readOperation(request, fields) }
  // No store has an empty id. The store judges every other one.
  if (command.operation !== 'submit' && request.id === '') throw illegalArgument('invalid id: []')
  return command
}

function readOperation(request: OperationRequest, fields: BodyFields): OperationCommand {
  const { operation } = request
  switch (operation) {
    case 'submit':
      return readSubmit(request, fields)
    case 'get':
    case 'head':
      return readGet(request, operation)
    case 'stop':
      assertWellFormed(request)
      return { operation, output: readOutput(request) }
    case 'delete':
      assertWellFormed(request)
      return { operation, output: readObjectOutput(request) }
  }
}

function readSubmit(submit: OperationRequest, fields: BodyFields): OperationCommand {
  const { parameters, path, hasBody } = submit
  const consumed = hasBody ? [] : SOURCE
  const submission = interpretSubmitBody(fields)
  const allowPartialResults = readOptionalBoolean(parameters, 'allow_partial_results')
  assertKnownParameters('submit', parameters, path, consumed)
  const output = readOutput(submit, submission)
  validateSubmission(submission)
  const request = { ...submission.request, ...(allowPartialResults !== undefined && { allowPartialResults }) }
  return { operation: 'submit', ...submission, request, output }
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

/** Parameters that replace a body. */
const SOURCE = ['source', 'source_content_type']

/** The JSON text of a submit that has no body. Throws Elasticsearch's error for parameters that are missing or wrong. */
export function sourceOf({ parameters }: RequestHead): string {
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
  if (!isJsonMediaType(contentType)) {
    throw illegalArgument(`Unknown value for source_content_type [${contentType}]`)
  }
  return source
}

/** The last checks of a request to an operation that takes no body. */
function assertWellFormed(request: OperationRequest): void {
  const { operation, parameters, method, uri, path, hasBody } = request
  assertKnownParameters(operation, parameters, path)
  if (hasBody) throw illegalArgument(`request [${method} ${uri}] does not support having a body`)
}

function readTime({ parameters }: OperationRequest, name: string): number | undefined {
  const text = parameters[name]
  return text === undefined ? undefined : parseTimeValue(name, text)
}

function readOutput(request: OperationRequest, submission?: Submission): Output {
  const { operation, parameters, mediaTypes, path, pretty, human } = request
  const { delimiter, filter_path: filterPath } = parameters
  const format = negotiateFormat({
    ...mediaTypes,
    operation: operation === 'submit' || operation === 'stop' ? operation : 'get',
    formatParameter: parameters.format,
    delimiterPresent: delimiter !== undefined,
    path,
    submitted: submission?.request,
  })
  const presentation: Presentation = {
    // Elasticsearch reads this parameter after the query has run, and refuses a bad value only then.
    dropNullColumns: readFlag(parameters, 'drop_null_columns'),
    pretty,
    human,
    header: format.header,
    ...(filterPath !== undefined && { filterPath }),
    ...(delimiter !== undefined && { delimiter }),
  }
  return { format, presentation }
}

function readObjectOutput({ parameters, mediaTypes, pretty }: OperationRequest): ObjectOutput {
  const media = errorMediaType({ ...mediaTypes, formatParameter: parameters.format })
  return { ...media, pretty, filterPath: parameters.filter_path }
}
