import { didYouMean } from '../core/did-you-mean'
import { illegalArgument } from '../core/errors'
import type { Operation } from '../core/store'
import { parseBoolean } from './boolean'
import type { UrlParameters } from './url'

/** Parameters that every route knows. */
const COMMON = ['error_trace', 'filter_path', 'format', 'human', 'pretty']
/** Parameters that are used up when a result is written. */
const RESPONSE = ['delimiter', 'drop_null_columns']

interface KnownParameters {
  accepted: readonly string[]
  /** Those offered as "did you mean". Elasticsearch does not offer what it reads only when it is there. */
  offered: readonly string[]
}

const GET: KnownParameters = {
  accepted: ['id', 'keep_alive', 'wait_for_completion_timeout', ...RESPONSE, ...COMMON],
  offered: ['id', ...RESPONSE, ...COMMON],
}

const KNOWN: Readonly<Record<Operation, KnownParameters>> = {
  submit: {
    accepted: ['allow_partial_results', ...RESPONSE, ...COMMON],
    offered: ['allow_partial_results', ...RESPONSE, ...COMMON],
  },
  get: GET,
  head: GET,
  stop: { accepted: ['id', ...RESPONSE, ...COMMON], offered: ['id', ...RESPONSE, ...COMMON] },
  delete: { accepted: ['id', ...COMMON], offered: ['id', ...COMMON] },
}

/** A flag is on when it is named without a value, and off when it is absent or blank. */
export function readFlag(parameters: UrlParameters, name: string): boolean {
  const text = parameters[name]
  if (text === '') return true
  return text === undefined || text.trim() === '' ? false : parseBoolean(text)
}

/** A boolean that may be left open: absent and empty mean unset. */
export function readOptionalBoolean(parameters: UrlParameters, name: string): boolean | undefined {
  const text = parameters[name]
  return text === undefined || text === '' ? undefined : parseBoolean(text)
}

/**
 * Refuses parameters that an operation does not know, with what they may have been meant to be
 * (`BaseRestHandler`). `consumed` are those that were used up already in another way.
 */
export function assertKnownParameters(
  operation: Operation,
  parameters: UrlParameters,
  path: string,
  consumed: readonly string[] = [],
): void {
  const { accepted, offered } = KNOWN[operation]
  const unknown = Object.keys(parameters)
    .filter((name) => !accepted.includes(name) && !consumed.includes(name))
    .sort()
  if (unknown.length === 0) return
  const described = unknown.map((name) => {
    const suggestion = didYouMean(name, offered)
    return suggestion ? `[${name}] -> ${suggestion}` : `[${name}]`
  })
  const plural = unknown.length > 1 ? 's' : ''
  throw illegalArgument(`request [${path}] contains unrecognized parameter${plural}: ${described.join(', ')}`)
}
