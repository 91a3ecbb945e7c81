import { RoutingError } from '../core/errors'
import type { Operation } from '../core/operations'
import type { AsyncQueryStore } from '../core/store'
import { decodePathSegment } from './url'

/** The method and the path below the mount point of each operation, in the order of an `Allow` header. */
const TARGETS: Readonly<Record<Operation, { method: string; path: string }>> = {
  query: { method: 'POST', path: '/_query' },
  submit: { method: 'POST', path: '/_query/async' },
  get: { method: 'GET', path: '/_query/async/{id}' },
  head: { method: 'HEAD', path: '/_query/async/{id}' },
  delete: { method: 'DELETE', path: '/_query/async/{id}' },
  stop: { method: 'POST', path: '/_query/async/{id}/stop' },
  list: { method: 'GET', path: '/_query/queries' },
  show: { method: 'GET', path: '/_query/queries/{id}' },
}

/** What every path begins with. */
const ROOT = TARGETS.query.path

const ROUTES = (Object.keys(TARGETS) as Operation[]).map((operation) => ({
  operation,
  ...TARGETS[operation],
}))

const PATHS = [...new Set(ROUTES.map(({ path }) => path))]

const WITHOUT_ID = new Set(PATHS.filter((path) => !path.includes('{id}')))

const WITH_ID = PATHS.filter((path) => !WITHOUT_ID.has(path)).map((path) => ({
  path,
  pattern: new RegExp(`^${path.replace('{id}', '([^/]*)')}$`),
}))

/** A path that has operations, and the query that it names. */
export interface RouteMatch {
  /** With `{id}` in place of the id. */
  path: string
  /** As sent, percent-decoded once if its escapes allow it. Empty on the route that has none. */
  id: string
}

/** Finds the route of a path below the mount point. `undefined` for a path of the host application. */
export function matchRoute(path: string): RouteMatch | undefined {
  // The router sees every request of the host application, so most must pass at once.
  if (!path.startsWith(ROOT)) return undefined
  const trimmed = withoutTrailingSlashes(path)
  if (WITHOUT_ID.has(trimmed)) return { path: trimmed, id: '' }
  for (const { path: route, pattern } of WITH_ID) {
    const segment = pattern.exec(trimmed)?.[1]
    if (segment !== undefined) return { path: route, id: decodePathSegment(segment) ?? segment }
  }
  return undefined
}

/** The request that names an operation on a query. */
export function targetOf(operation: Operation, id: string): { method: string; path: string } {
  const { method, path } = TARGETS[operation]
  return { method, path: path.replace('{id}', () => encodeURIComponent(id)) }
}

/** Whether the path of an operation has the id of a query. */
export function namesQuery(operation: Operation): boolean {
  return TARGETS[operation].path.includes('{id}')
}

/** Elasticsearch ignores trailing slashes, but takes an empty segment inside a path for an empty id. */
function withoutTrailingSlashes(path: string): string {
  let end = path.length
  while (path[end - 1] === '/') end -= 1
  return path.slice(0, end)
}

export function operationOn({ path }: RouteMatch, method: string): Operation | undefined {
  return ROUTES.find((route) => route.path === path && route.method === method)?.operation
}

/** The methods that a store serves on a route, in the order of an `Allow` header. GET stands for HEAD too. */
export function allowedMethods({ path }: RouteMatch, store: AsyncQueryStore): string[] {
  return ROUTES.filter(
    ({ operation, ...route }) => route.path === path && operation !== 'head' && offers(store, operation),
  ).map(({ method }) => method)
}

export function offers(store: AsyncQueryStore, operation: Operation): boolean {
  const { passThrough, submit } = store
  if (operation === 'query') return (passThrough ? passThrough.query : submit) !== undefined
  return store[methodFor(operation)] !== undefined
}

/** The method of a store that serves an operation. */
function methodFor(operation: Exclude<Operation, 'query'>): Exclude<Operation, 'query' | 'head' | 'show'> {
  if (operation === 'head') return 'get'
  return operation === 'show' ? 'list' : operation
}

/** The 405 for a method that a path does not have. */
export function wrongMethod(uri: string, method: string, allowed: readonly string[]): RoutingError {
  return new RoutingError(
    405,
    `Incorrect HTTP method for uri [${uri}] and method [${method}], allowed: [${allowed.join(', ')}]`,
    { Allow: allowed.join(',') },
  )
}
