import { abbreviated, illegalArgument } from '../core/errors'
import { idempotencyUnsupported } from '../core/idempotency'
import type { AsyncQueryStore } from '../core/store'
import type { BodyOperation } from './submit-fields'

const MAX_LENGTH = 255

/** A text as structured fields (RFC 9651) write it: printable ASCII in quotes, with `\\` before a quote and a backslash. */
const QUOTED = /^"((?:[ !#-[\]-~]|\\["\\])*)"$/
/** What many clients send: the text alone, without blanks and what has a meaning in structured fields. */
const BARE = /^[!#-+\--:<-[\]-~]+$/

/**
 * Reads the values of the header `Idempotency-Key`, the draft for which asks for one text in quotes. Throws
 * `illegal_argument_exception` for everything else, and where nobody would obey it: a client that sends the header relies on it.
 */
export function readIdempotencyKey(
  values: readonly string[],
  operation: BodyOperation,
  { idempotentSubmit, passThrough }: AsyncQueryStore,
): string | undefined {
  const [value] = values
  if (value === undefined) return undefined
  if (operation === 'query') {
    throw illegalArgument(
      '[Idempotency-Key] needs a query that is kept, and a synchronous one is not; submit it to [/_query/async]',
    )
  }
  // Another server reads the query, so nobody here can tell two apart.
  if (!idempotentSubmit || passThrough) throw idempotencyUnsupported()
  if (values.length > 1) throw illegalArgument('multiple [Idempotency-Key] headers are not allowed')
  return parseKey(value)
}

function parseKey(value: string): string {
  const text = value.replace(/^[ \t]+|[ \t]+$/g, '')
  const quoted = QUOTED.exec(text)?.[1]?.replace(/\\(.)/g, '$1')
  const key = quoted ?? (BARE.test(text) ? text : '')
  if (key !== '' && key.length <= MAX_LENGTH) return key
  throw illegalArgument(
    `invalid [Idempotency-Key] header [${abbreviated(value)}]: it must be 1 to ${MAX_LENGTH} printable ASCII characters, ` +
      'in double quotes if there are blanks, commas, semicolons, quotes or backslashes among them',
  )
}
