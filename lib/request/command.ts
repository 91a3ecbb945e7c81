import { illegalArgument, QueryError } from '../core/errors'
import { parseTimeValue } from '../core/time-value'
import type { Presentation } from '../formats/writer'
import type { JsonNode } from '../json/parse'
import { parseJson } from '../json/parse'
import type { Incoming, OperationRequest } from './head'
import { isJsonMediaType } from './media-type'
import type { NegotiatedFormat } from './negotiation'
import { negotiateFormat } from './negotiation'
import { assertKnownParameters, readFlag, readOptionalBoolean } from './parameters'
import type { Submission } from './submission'
import { interpretSubmitBody, validateSubmission } from './submission'
import { readBodyFields } from './submit-fields'

/** How to write a query for the client. */
export interface Output {
  format: NegotiatedFormat
  presentation: Presentation
}

/** What a request asks for, in the terms of a store. Has no times that the client did not send. */
export type Command =
  | ({ operation: 'submit'; output: Output } & Submission)
  | {
      operation: 'get' | 'head'
      id: string
      output: Output
      waitForCompletionTimeoutMs?: number
      keepAliveMs?: number
    }
  | { operation: 'stop'; id: string; output: Output }
  | { operation: 'delete'; id: string }

/**
 * Reads a request, and throws Elasticsearch's error for the first fault. The order of the checks is that of
 * Elasticsearch.
 */
export function readCommand(incoming: OperationRequest, body: JsonNode | undefined): Command {
  const command = readOperation(incoming, body)
  // No store has an empty id. The store judges every other one.
  if (command.operation !== 'submit' && command.id === '') throw illegalArgument('invalid id: []')
  return command
}

function readOperation(incoming: OperationRequest, body: JsonNode | undefined): Command {
  const { operation, id } = incoming
  switch (operation) {
    case 'submit':
      return readSubmit(incoming, body)
    case 'get':
    case 'head':
      return readGet(incoming, operation)
    case 'stop':
      assertWellFormed(incoming)
      return { operation, id, output: readOutput(incoming) }
    case 'delete':
      assertWellFormed(incoming)
      return { operation, id }
  }
}

function readSubmit(incoming: OperationRequest, body: JsonNode | undefined): Command {
  const { parameters, path, hasBody } = incoming
  const consumed = hasBody ? [] : SOURCE
  const submission = interpretSubmitBody(readBodyFields(body))
  const allowPartialResults = readOptionalBoolean(parameters, 'allow_partial_results')
  assertKnownParameters('submit', parameters, path, consumed)
  const output = readOutput(incoming, submission)
  validateSubmission(submission)
  const request = { ...submission.request, ...(allowPartialResults !== undefined && { allowPartialResults }) }
  return { operation: 'submit', ...submission, request, output }
}

function readGet(incoming: OperationRequest, operation: 'get' | 'head'): Command {
  const waitForCompletionTimeoutMs = readTime(incoming, 'wait_for_completion_timeout')
  const keepAliveMs = readTime(incoming, 'keep_alive')
  assertWellFormed(incoming)
  return {
    operation,
    id: incoming.id,
    output: readOutput(incoming),
    ...(waitForCompletionTimeoutMs !== undefined && { waitForCompletionTimeoutMs }),
    ...(keepAliveMs !== undefined && { keepAliveMs }),
  }
}

/** Parameters that replace a body. */
const SOURCE = ['source', 'source_content_type']

/** Reads the JSON of a submit that has no body. Throws Elasticsearch's error for parameters that are missing or wrong. */
export function readSource({ parameters }: Incoming): JsonNode | undefined {
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
  return parseJson(source)
}

/** The last checks of a request to an operation that takes no body. */
function assertWellFormed(incoming: OperationRequest): void {
  const { operation, parameters, method, uri, path, hasBody } = incoming
  assertKnownParameters(operation, parameters, path)
  if (hasBody) throw illegalArgument(`request [${method} ${uri}] does not support having a body`)
}

function readTime({ parameters }: OperationRequest, name: string): number | undefined {
  const text = parameters[name]
  return text === undefined ? undefined : parseTimeValue(name, text)
}

function readOutput(incoming: OperationRequest, submission?: Submission): Output {
  const { operation, parameters, mediaTypes, path, pretty, human } = incoming
  const { delimiter, filter_path: filterPath } = parameters
  const format = negotiateFormat({
    ...mediaTypes,
    operation: operation === 'submit' || operation === 'stop' ? operation : 'get',
    formatParameter: parameters.format,
    delimiterPresent: delimiter !== undefined,
    path,
    columnar: submission?.request.columnar,
    includeCcsMetadata: submission?.request.includeCcsMetadata,
    includeExecutionMetadata: submission?.request.includeExecutionMetadata,
    profile: submission?.request.profile,
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
