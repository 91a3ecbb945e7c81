import type { AsyncQueryStore, Operation } from '../core/store'
import { decodePathSegment } from './url'

interface Route {
  path: RegExp
  /** In the order that an `Allow` header lists them. */
  methods: Readonly<Record<string, Operation>>
}

/** What every path of ours begins with. */
const ROOT = '/_query/async'

const ROUTES: readonly Route[] = [
  { path: /^\/_query\/async$/, methods: { POST: 'submit' } },
  { path: /^\/_query\/async\/([^/]*)$/, methods: { GET: 'get', HEAD: 'head', DELETE: 'delete' } },
  { path: /^\/_query\/async\/([^/]*)\/stop$/, methods: { POST: 'stop' } },
]

/** A path of ours: what can be done there, and to which query. */
export interface RouteMatch {
  methods: Readonly<Record<string, Operation>>
  /** As sent, percent-decoded once where its escapes allow it. Empty on the route that has none. */
  id: string
}

/** Finds the route of a path below the mount point, or `undefined` for a path that is not ours. */
export function matchRoute(path: string): RouteMatch | undefined {
  // Asked of every request of the host, so that most are let go at once.
  if (!path.startsWith(ROOT)) return undefined
  const trimmed = withoutTrailingSlashes(path)
  for (const route of ROUTES) {
    const found = route.path.exec(trimmed)
    if (!found) continue
    const [, segment = ''] = found
    return { methods: route.methods, id: decodePathSegment(segment) ?? segment }
  }
  return undefined
}

/** Elasticsearch takes a trailing slash for nothing, but an empty segment inside for an empty id. */
function withoutTrailingSlashes(path: string): string {
  let end = path.length
  while (path[end - 1] === '/') end -= 1
  return path.slice(0, end)
}

/** What a method does on a route. */
export function operationOn({ methods }: RouteMatch, method: string): Operation | undefined {
  return Object.hasOwn(methods, method) ? methods[method] : undefined
}

/** The methods that a store can serve on a route, in `Allow` order. GET stands for HEAD too. */
export function allowedMethods({ methods }: RouteMatch, store: AsyncQueryStore): string[] {
  return Object.keys(methods).filter((method) => {
    const operation = methods[method]
    return operation && operation !== 'head' && offers(store, operation)
  })
}

export function offers(store: AsyncQueryStore, operation: Operation): boolean {
  return store[operation === 'head' ? 'get' : operation] !== undefined
}
