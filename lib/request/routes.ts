import type { AsyncQueryStore, Operation } from '../core/store'
import { decodePathSegment } from './url'

/** The method and the path below the mount point of each operation, in the order of an `Allow` header. */
const TARGETS: Readonly<Record<Operation, { method: string; path: string }>> = {
  submit: { method: 'POST', path: '/_query/async' },
  get: { method: 'GET', path: '/_query/async/{id}' },
  head: { method: 'HEAD', path: '/_query/async/{id}' },
  delete: { method: 'DELETE', path: '/_query/async/{id}' },
  stop: { method: 'POST', path: '/_query/async/{id}/stop' },
}

/** What every path of this API begins with. */
const ROOT = TARGETS.submit.path

interface Route {
  pattern: RegExp
  methods: Record<string, Operation>
}

/** The operations by path. */
const ROUTES: readonly Route[] = [...new Set(Object.values(TARGETS).map(({ path }) => path))].map((path) => ({
  pattern: new RegExp(`^${path.replace('{id}', '([^/]*)')}$`),
  methods: Object.fromEntries(
    Object.entries(TARGETS)
      .filter(([, target]) => target.path === path)
      .map(([operation, { method }]) => [method, operation as Operation]),
  ),
}))

/** A path of this API: the operation of each method, and the query. */
export interface RouteMatch {
  methods: Readonly<Record<string, Operation>>
  /** As sent, percent-decoded once if its escapes allow it. Empty on the route that has none. */
  id: string
}

/** Finds the route of a path below the mount point. `undefined` for a path of the host application. */
export function matchRoute(path: string): RouteMatch | undefined {
  // The router sees every request of the host application, so most must pass at once.
  if (!path.startsWith(ROOT)) return undefined
  const trimmed = withoutTrailingSlashes(path)
  for (const { pattern, methods } of ROUTES) {
    const found = pattern.exec(trimmed)
    if (!found) continue
    const [, segment = ''] = found
    return { methods, id: decodePathSegment(segment) ?? segment }
  }
  return undefined
}

/** The request that names an operation on a query. */
export function targetOf(operation: Operation, id: string): { method: string; path: string } {
  const { method, path } = TARGETS[operation]
  return { method, path: path.replace('{id}', () => encodeURIComponent(id)) }
}

/** Elasticsearch ignores trailing slashes, but takes an empty segment inside a path for an empty id. */
function withoutTrailingSlashes(path: string): string {
  let end = path.length
  while (path[end - 1] === '/') end -= 1
  return path.slice(0, end)
}

/** The operation of a method on a route. */
export function operationOn({ methods }: RouteMatch, method: string): Operation | undefined {
  return Object.hasOwn(methods, method) ? methods[method] : undefined
}

/** The methods that a store serves on a route, in the order of an `Allow` header. GET stands for HEAD too. */
export function allowedMethods({ methods }: RouteMatch, store: AsyncQueryStore): string[] {
  return Object.keys(methods).filter((method) => {
    const operation = methods[method]
    return operation && operation !== 'head' && offers(store, operation)
  })
}

export function offers(store: AsyncQueryStore, operation: Operation): boolean {
  return store[operation === 'head' ? 'get' : operation] !== undefined
}
