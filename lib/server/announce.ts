import type { SampleQuery } from '../sample/engine'
import type { ServerConfig } from './config'
import { isExposed, kindOf } from './config'
import type { DevelopmentAccess } from './development-mode'
import { SETTINGS, variableOf } from './settings'
import type { Style } from './style'

/** A gateway that has just started. */
export interface Started {
  url: string
  version: string
  config: ServerConfig
  /** Left out where tokens are checked. */
  access: DevelopmentAccess | undefined
}

/** What it serves, who may use it and where to click, in one line for programs. */
export function asJson(started: Started): string {
  const { url, version, config, access } = started
  const { elasticsearch, tokenCheck, queries } = config
  const { issuer, audience } = tokenCheck?.options ?? {}
  const printed = {
    ...{ url, version, pid: process.pid, serves: kindOf(config) },
    ...(elasticsearch && { cluster: String(elasticsearch.url) }),
    ...(tokenCheck && { issuer, audience }),
    ...(access && {
      console: consoleOf(started, access),
      tokens: { alice: access.alice, mallory: access.mallory },
    }),
    ...(!elasticsearch && {
      queries: queries.map(({ usage, shows, params }) => ({ query: usage, shows, params })),
    }),
  }
  return `${JSON.stringify(printed)}\n`
}

/** The same for people, with lines to paste into a shell in development mode. */
export function asText(started: Started, style: Style): string {
  const { url, version, config, access } = started
  const rows = [
    ['Serves', servedBy(config)],
    ['Callers', access ? 'alice and mallory, with the tokens below' : callersOf(config)],
    ...(access
      ? [
          ['Console', style.link(consoleOf(started, access))],
          ['Tour', 'start it with --tour to see the whole story, in any shell'],
        ]
      : []),
  ].map(([label = '', text]) => `  ${style.dim(label.padEnd(9))}${text}\n`)
  return [
    `${style.strong(`express-esql-async-query ${version}`)} is listening on ${style.link(url)}\n`,
    access ? style.warning(WARNING) : '',
    `\n${rows.join('')}\n`,
    config.elasticsearch ? '' : listQueries(config.queries, style),
    access ? linesToPaste(url, access, config) : '',
  ].join('')
}

const KINDS = {
  cluster: () => 'a cluster',
  catalogue: () => 'the queries of a catalogue',
  samples: () => {
    const [cluster, catalogue] = [SETTINGS.elasticsearchUrl, SETTINGS.catalogue].map(variableOf)
    return `sample queries, which are recordings (${cluster} for a cluster, ${catalogue} for queries of your own)`
  },
}

function servedBy(config: ServerConfig): string {
  const { elasticsearch, postgresUrl } = config
  const where = elasticsearch
    ? `, ${elasticsearch.url}`
    : postgresUrl === undefined
      ? ''
      : ', kept in PostgreSQL'
  return KINDS[kindOf(config)]() + where
}

function callersOf({ tokenCheck }: ServerConfig): string {
  const { issuer, audience } = tokenCheck?.options ?? {}
  return `with a token of ${issuer} for ${[audience].flat().join(' or ')}`
}

/** Where others than the users of this machine reach the gateway, the link holds a key. */
function consoleOf({ url, config }: Started, { consoleKey }: DevelopmentAccess): string {
  return `${url}/${isExposed(config) ? `#key=${consoleKey}` : ''}`
}

function listQueries(queries: readonly SampleQuery[], style: Style): string {
  if (queries.length === 0) return 'It answers no query: the catalogue is empty.\n\n'
  const width = Math.max(...queries.map(({ usage }) => usage.length))
  const lines = queries.map(({ usage, shows = '' }) =>
    `  ${usage.padEnd(width)}  ${style.dim(shows)}`.trimEnd(),
  )
  return `Queries it answers:\n${lines.join('\n')}\n\n`
}

const WARNING = `
DEVELOPMENT MODE: no key to check tokens with is configured. Anybody who reads these lines can use this server.
For real tokens set ${variableOf(SETTINGS.jwtJwks)} or ${variableOf(SETTINGS.jwtKey)} (see --help).
`

function linesToPaste(url: string, { alice, mallory }: DevelopmentAccess, config: ServerConfig): string {
  const query = kindOf(config) === 'samples' ? 'FROM books' : '...'
  return `Paste these lines into bash or zsh. The tokens of both users are good for 12 hours.

URL=${url}
ALICE='Authorization: Bearer ${alice}'
MALLORY='Authorization: Bearer ${mallory}'
JSON='Content-Type: application/json'
curl -sS -H "$ALICE" -H "$JSON" "$URL/_query/async?pretty" -d '{"query": "${query}"}'
`
}
