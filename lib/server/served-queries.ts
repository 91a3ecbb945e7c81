import type { SampleQuery } from '../sample/engine'
import type { ServerConfig } from './config'
import { SETTINGS, variableOf } from './settings'

/** What a server with real tokens answers, where that is no cluster. */
export function announceQueries({ elasticsearch, queries, isOwnCatalogue }: ServerConfig): string {
  if (elasticsearch) return ''
  const [cluster, catalogue] = [SETTINGS.elasticsearchUrl, SETTINGS.catalogue].map(variableOf)
  const hint = `It answers sample queries. Set ${cluster} for a cluster, or ${catalogue} for queries of your own.\n`
  return `${isOwnCatalogue ? '' : hint}${listQueries(queries)}`
}

export function listQueries(queries: readonly SampleQuery[]): string {
  const width = Math.max(...queries.map(({ usage }) => usage.length))
  const lines = queries.map(({ usage, shows = '' }) => `  ${usage.padEnd(width)}  ${shows}`.trimEnd())
  return `Queries it answers:\n${lines.join('\n')}\n\n`
}
