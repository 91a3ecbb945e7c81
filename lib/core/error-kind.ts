import { isQueryError } from './errors'
import { isObject } from './is-object'

/** A word for the kind of an error, as `error.type` of a measurement: its type or code, or the code of its cause, else its name. */
export function errorKind(error: unknown): string {
  if (isQueryError(error)) return error.type
  if (!isObject(error)) return typeof error
  const { code, cause, name } = error
  const own = code ?? (isObject(cause) ? cause.code : undefined) ?? name
  return typeof own === 'string' && own !== '' ? own : 'Error'
}
