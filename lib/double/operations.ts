import { OPERATIONS } from '../core/operations'
import { matchRoute, operationOn } from '../request/routes'

export const DOUBLE_OPERATIONS = [...OPERATIONS, 'info'] as const

/** What a client may ask of a double: an operation of the API, or `info`, which is `GET /` and `HEAD /`. */
export type DoubleOperation = (typeof DOUBLE_OPERATIONS)[number]

/** The operation of a request and the id in its path. Both are `undefined` where the double has nothing. */
export function readTarget(
  method: string,
  path: string,
): { operation: DoubleOperation | undefined; id: string | undefined } {
  const route = matchRoute(path)
  const isInfo = path === '/' && (method === 'GET' || method === 'HEAD')
  const operation = route ? operationOn(route, method) : isInfo ? 'info' : undefined
  return { operation, id: route?.id === '' ? undefined : route?.id }
}
