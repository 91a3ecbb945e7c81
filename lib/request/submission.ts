import { QueryError } from '../core/errors'
import { DEFAULT_KEEP_ALIVE_MS, DEFAULT_WAIT_MS } from '../core/operations'
import type { ValueObject } from '../core/result'
import type { QueryRequest } from '../core/store'
import type { BodyFields } from './submit-fields'
import { settingsOf, showsColumnMetadata, validateSettings } from './submit-settings'

/** The content of a submit body: the query, how long to wait for it, and how long to keep it. */
export interface Submission {
  request: QueryRequest
  waitForCompletionTimeoutMs: number
  keepAliveMs: number
  keepOnCompletion: boolean
}

/** Fields that describe the query itself as the client sent them, and what a store calls them. */
const PASSED_ON = [
  ['params', 'params'],
  ['filter', 'filter'],
  ['locale', 'locale'],
  ['columnar', 'columnar'],
  ['profile', 'profile'],
  ['include_ccs_metadata', 'includeCcsMetadata'],
  ['include_execution_metadata', 'includeExecutionMetadata'],
] as const satisfies readonly (readonly [keyof BodyFields, keyof QueryRequest])[]

/** Fields that the engine gets as the client sent them. */
const EXTRA = [
  'tables',
  'pragma',
  'accept_pragma_risks',
  'settings',
  'project_routing',
  'approximation',
] as const

/** Translates the fields of a submit body into the terms of a store, with Elasticsearch's defaults. */
export function interpretSubmitBody(fields: BodyFields): Submission {
  return {
    request: interpretQuery(fields),
    waitForCompletionTimeoutMs: fields.wait_for_completion_timeout ?? DEFAULT_WAIT_MS,
    keepAliveMs: fields.keep_alive ?? DEFAULT_KEEP_ALIVE_MS,
    keepOnCompletion: fields.keep_on_completion ?? false,
  }
}

/** Translates the fields of a body that describe the query itself. */
export function interpretQuery(fields: BodyFields): QueryRequest {
  const settings = settingsOf(fields)
  const { time_zone: timeZone } = settings
  const request: QueryRequest = { query: fields.query ?? '' }
  for (const [field, name] of PASSED_ON) {
    const value = fields[field]
    if (value !== undefined) Object.assign(request, { [name]: value })
  }
  if (typeof timeZone === 'string') request.timeZone = timeZone
  if (showsColumnMetadata(settings)) request.columnMetadata = true
  const extra = extraOf(fields)
  if (extra) request.extra = extra
  return request
}

/** Refuses what Elasticsearch refuses after it has read a request. One error lists all faults of the first kind. */
export function validateQuery(request: QueryRequest): void {
  const { query, extra = {}, includeCcsMetadata, includeExecutionMetadata } = request
  const problems: string[] = []
  if (query.trim() === '') problems.push('[query] is required')
  if (extra.pragma !== undefined && extra.accept_pragma_risks !== true) {
    problems.push('[pragma] only allowed in snapshot builds')
  }
  if (extra.tables !== undefined) problems.push('[tables] only allowed in snapshot builds')
  if (problems.length > 0) {
    const list = problems.map((problem, index) => ` ${index + 1}: ${problem};`).join('')
    throw new QueryError('action_request_validation_exception', `Validation Failed:${list}`)
  }
  // Elasticsearch looks at whether they are there, not at their values.
  if (includeCcsMetadata !== undefined && includeExecutionMetadata !== undefined) {
    throw new QueryError(
      'verification_exception',
      'Both [include_execution_metadata] and [include_ccs_metadata] query parameters are set. Use only one',
    )
  }
  validateSettings(settingsOf(extra))
}

function extraOf(fields: BodyFields): ValueObject | undefined {
  const sent = EXTRA.filter((name) => fields[name] !== undefined)
  return sent.length > 0 ? Object.fromEntries(sent.map((name) => [name, fields[name]])) : undefined
}
