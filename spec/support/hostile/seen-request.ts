import { matchRoute } from '../../../lib/request/routes'
import { parseQueryString } from '../../../lib/request/url'

/** A request that Node.js found to be one and handed to the application. */
export interface SeenRequest {
  method: string
  url: string
  /** As Express reads it. Left out where Express finds none. */
  path?: string
}

/** Whether a request is for the router. All others go on to the application. */
export function isOurs({ path }: SeenRequest): boolean {
  return path !== undefined && matchRoute(path) !== undefined
}

/** The target as `api-spec.yaml` knows it: without an origin in front, and parameters that it does not speak of. */
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
