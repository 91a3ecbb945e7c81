import { generateKeyPairSync } from 'node:crypto'
import { sign } from 'jsonwebtoken'
import { jwtCaller } from '../index'
import type { SampleQuery } from '../sample/engine'
import type { ServerConfig } from './config'
import { PREFIX, SETTINGS, variableOf } from './settings'

const NAMES = { issuer: 'urn:express-esql-async-query:development', audience: 'express-esql-async-query' }

/**
 * A token check without configuration, and tokens that pass it. The key ends with this process, so that a token of one
 * run is worth nothing in the next. An elliptic curve, because making a key of RSA can take longer than the rest of the start.
 */
export function createDevelopmentAccess() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const tokenOf = (subject: string): string =>
    sign({}, privateKey, { algorithm: 'ES256', ...NAMES, subject, expiresIn: '12h' })
  return {
    resolveCaller: jwtCaller({ key: publicKey, algorithms: ['ES256'], ...NAMES, userClaim: 'sub' }),
    alice: tokenOf('alice'),
    mallory: tokenOf('mallory'),
  }
}

/** The console's text in development mode: a warning, and lines to paste into a shell. */
export function announceDevelopmentMode(
  url: string,
  { alice, mallory }: ReturnType<typeof createDevelopmentAccess>,
  { elasticsearch, queries, isOwnCatalogue }: ServerConfig,
): string {
  return `
*** DEVELOPMENT MODE: no key to check tokens with is configured. ***
*** Anybody who reads these lines can use this server. For real tokens set ${PREFIX}JWT_JWKS or ${PREFIX}JWT_KEY (see --help). ***

${elasticsearch ? '' : listQueries(queries)}Paste these lines into a shell, one after the other. The tokens of both users are good for 12 hours.

URL=${url}
ALICE='Authorization: Bearer ${alice}'
MALLORY='Authorization: Bearer ${mallory}'
JSON='Content-Type: application/json'
${elasticsearch || isOwnCatalogue ? SUBMIT_ANY : TOUR}
`
}

/** What a server with real tokens answers, where that is no cluster. */
export function announceQueries({ elasticsearch, queries, isOwnCatalogue }: ServerConfig): string {
  if (elasticsearch) return ''
  const [cluster, catalogue] = [SETTINGS.elasticsearchUrl, SETTINGS.catalogue].map(variableOf)
  const hint = `It answers sample queries. Set ${cluster} for a cluster, or ${catalogue} for queries of your own.\n`
  return `${isOwnCatalogue ? '' : hint}${listQueries(queries)}`
}

function listQueries(queries: readonly SampleQuery[]): string {
  const width = Math.max(...queries.map(({ usage }) => usage.length))
  const lines = queries.map(({ usage, shows = '' }) => `  ${usage.padEnd(width)}  ${shows}`.trimEnd())
  return `Queries it answers:\n${lines.join('\n')}\n\n`
}

const TOUR = `
# Alice submits a query that takes three seconds and does not wait for it: it is running, and has an id.
RUNNING=$(curl -sS -H "$ALICE" -H "$JSON" "$URL/_query/async" -d '{"query": "FROM slow", "wait_for_completion_timeout": "0s"}')
echo "$RUNNING"
ID=$(echo "$RUNNING" | cut -d '"' -f 4)

# To Mallory there is no such query: 404.
curl -sS -H "$MALLORY" "$URL/_query/async/$ID?pretty"

# Alice waits for at most one second: it is still running.
curl -sS -H "$ALICE" "$URL/_query/async/$ID?wait_for_completion_timeout=1s&pretty"

# Alice waits until it is complete, and gets the result. Then the same as CSV, and the headers alone.
curl -sS -H "$ALICE" "$URL/_query/async/$ID?pretty"
curl -sS -H "$ALICE" "$URL/_query/async/$ID?format=csv"
curl -sS -H "$ALICE" --head "$URL/_query/async/$ID"

# She submits one that takes a minute. It is among her running queries. Mallory has none.
RUNNING=$(curl -sS -H "$ALICE" -H "$JSON" "$URL/_query/async" -d '{"query": "FROM slower", "wait_for_completion_timeout": "0s"}')
ID=$(echo "$RUNNING" | cut -d '"' -f 4)
curl -sS -H "$ALICE" "$URL/_query/queries?pretty"
curl -sS -H "$MALLORY" "$URL/_query/queries?pretty"

# She stops it and keeps the rows so far: is_partial is true.
curl -sS -H "$ALICE" -X POST "$URL/_query/async/$ID/stop?pretty"

# She deletes it. After that, it is as unknown to her as to Mallory.
curl -sS -H "$ALICE" -X DELETE "$URL/_query/async/$ID?pretty"
curl -sS -H "$ALICE" "$URL/_query/async/$ID?pretty"

# A synchronous query has no id, and lasts as long as its request.
curl -sS -H "$ALICE" -H "$JSON" "$URL/_query?format=md" -d '{"query": "FROM books"}'

# A table to read. The other formats are json, yaml, cbor, smile, csv, tsv, md, and arrow for FROM types_basic.
curl -sS -H "$ALICE" -H "$JSON" "$URL/_query/async?format=txt" -d '{"query": "FROM books"}'

# Every type in one table.
curl -sS -H "$ALICE" -H "$JSON" "$URL/_query/async?format=yaml" -d '{"query": "FROM types"}'`

const SUBMIT_ANY = `
curl -sS -H "$ALICE" -H "$JSON" "$URL/_query/async?pretty" -d '{"query": "..."}'`
