import { matchRoute } from '../../../lib/request/routes'
import { parseQueryString } from '../../../lib/request/url'

/** A request that Node.js accepted and passed to the application. */
export interface SeenRequest {
  method: string
  url: string
  /** As Express reads it. Absent if Express finds none. */
  path?: string
}

/** Whether a request is for the router. All other requests go on to the application. */
export function isOurs({ path }: SeenRequest): boolean {
  return path !== undefined && matchRoute(path) !== undefined
}

/** The target without its origin, and without parameters that `api-spec.yaml` does not describe. */
export function documentedTarget({ path = '', url }: SeenRequest): string {
  return isFiltered(url) ? `${path}?filter_path=` : path
}

function isFiltered(url: string): boolean {
  const [, query = ''] = /^[^?#]*\?([^#]*)/.exec(url) ?? []
  try {
    return parseQueryString(query).filter_path !== undefined
  } catch {
    return false
  }
}
