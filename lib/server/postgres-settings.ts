import { ConfigError } from './config-error'
import type { GivenSettings } from './given-settings'
import { OPTION_TABLES } from './setting-kinds'
import { optionsOf, SETTINGS, variableOf } from './settings'

/** Bounds of queries in memory that mean nothing for queries in tables. */
const OF_MEMORY = optionsOf('memory').flatMap(([option, setting]) =>
  option in OPTION_TABLES.postgres ? [] : setting,
)

/** The URL of the database that keeps the sample queries, or `undefined` where memory does. */
export function readPostgresUrl(given: GivenSettings): string | undefined {
  const url = given.read(SETTINGS.postgresUrl)
  if (url === undefined) return undefined
  const sources = given.sourcesOf(OF_MEMORY).join(', ')
  if (sources === '') return url
  throw new ConfigError(
    `${sources}: for queries in memory only; remove it, or ${variableOf(SETTINGS.postgresUrl)}`,
  )
}
