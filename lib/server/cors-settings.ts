import { ConfigError } from './config-error'
import type { CorsConfig } from './cors'
import type { GivenSettings } from './given-settings'
import { SETTINGS, variableOf } from './settings'

const OF_CORS = [SETTINGS.corsAllowCredentials, SETTINGS.corsAllowHeaders, SETTINGS.corsMaxAge]

/** What the settings say about requests of other origins, or `undefined` where none is allowed. */
export function readCors(given: GivenSettings): CorsConfig | undefined {
  const allowOrigin = given.read(SETTINGS.corsAllowOrigin)
  if (allowOrigin === undefined) {
    const sources = given.sourcesOf(OF_CORS)
    if (sources.length === 0) return undefined
    throw new ConfigError(`${sources.join(', ')}: set ${variableOf(SETTINGS.corsAllowOrigin)} too`)
  }
  return {
    allowOrigin,
    allowCredentials: given.read(SETTINGS.corsAllowCredentials),
    allowHeaders: given.read(SETTINGS.corsAllowHeaders),
    maxAgeMs: given.read(SETTINGS.corsMaxAge),
  }
}
