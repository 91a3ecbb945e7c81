import { didYouMean } from '../core/did-you-mean'
import { illegalArgument } from '../core/errors'
import type { Operation } from '../core/operations'
import type { UrlParameters } from './url'

/** Parameters of every operation. */
const COMMON = ['error_trace', 'filter_path', 'format', 'human', 'pretty']
/** Parameters of every operation that answers with a result. */
const RESPONSE = ['delimiter', 'drop_null_columns']
/** Parameters that replace the body of a submit. */
export const SOURCE: readonly string[] = ['source', 'source_content_type']
/** Fields of a body, and parameters, that the gateway itself acts on, whoever judges the rest. */
export const OWN_FIELDS: readonly string[] = [
  'wait_for_completion_timeout',
  'keep_alive',
  'keep_on_completion',
]
const OWN: readonly string[] = [...OWN_FIELDS, ...SOURCE]

interface KnownParameters {
  /** The names that "did you mean" offers. */
  offered: readonly string[]
  /** Elasticsearch reads these only if they are there, and does not offer them. */
  others: readonly string[]
}

const SUBMIT: KnownParameters = {
  offered: ['allow_partial_results', ...RESPONSE, ...COMMON],
  others: [],
}

const GET: KnownParameters = {
  offered: ['id', ...RESPONSE, ...COMMON],
  others: ['keep_alive', 'wait_for_completion_timeout'],
}

const KNOWN: Readonly<Record<Operation | 'info', KnownParameters>> = {
  query: SUBMIT,
  submit: SUBMIT,
  get: GET,
  head: GET,
  stop: { offered: ['id', ...RESPONSE, ...COMMON], others: [] },
  delete: { offered: ['id', ...COMMON], others: [] },
  list: { offered: COMMON, others: [] },
  show: { offered: ['id', ...COMMON], others: [] },
  info: { offered: COMMON, others: [] },
}

/** `true` or `false` and nothing else, as Elasticsearch's `Booleans`. Throws `illegal_argument_exception`. */
export function parseBoolean(text: string): boolean {
  if (text === 'true') return true
  if (text === 'false') return false
  throw illegalArgument(`Failed to parse value [${text}] as only [true] or [false] are allowed.`)
}

/**
 * A flag is on if it has no value, and off if it is absent or blank. `isLenient`: it is off too if another server will
 * refuse its value.
 */
export function readFlag(parameters: UrlParameters, name: string, isLenient = false): boolean {
  const text = parameters[name]
  if (text === '') return true
  if (text === undefined || text.trim() === '') return false
  return isLenient ? text === 'true' : parseBoolean(text)
}

/** A boolean without a default: `undefined` if it is absent or empty. */
export function readOptionalBoolean(parameters: UrlParameters, name: string): boolean | undefined {
  const text = parameters[name]
  return text === undefined || text === '' ? undefined : parseBoolean(text)
}

/**
 * Refuses parameters that an operation does not know, and suggests similar names, as Elasticsearch's
 * `BaseRestHandler`. `consumed` are parameters that the request was read from in another way. `isLenient`: another
 * server judges them, unless one is the gateway's own.
 */
export function assertKnownParameters(
  operation: Operation | 'info',
  parameters: UrlParameters,
  path: string,
  consumed: readonly string[] = [],
  isLenient = false,
): void {
  const { offered, others } = KNOWN[operation]
  const known = [...offered, ...others, ...consumed]
  const unknown = Object.keys(parameters)
    .filter((name) => !known.includes(name))
    .sort()
  if (unknown.length === 0 || (isLenient && !unknown.some((name) => OWN.includes(name)))) return
  const described = unknown.map((name) => {
    const suggestion = didYouMean(name, offered)
    return suggestion ? `[${name}] -> ${suggestion}` : `[${name}]`
  })
  const plural = unknown.length > 1 ? 's' : ''
  throw illegalArgument(`request [${path}] contains unrecognized parameter${plural}: ${described.join(', ')}`)
}

/** The parameters that the gateway itself acts on. */
export function ownParameters(parameters: UrlParameters): UrlParameters {
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => OWN.includes(name)))
}
