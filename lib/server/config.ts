import { messageOf } from '../core/message-of'
import type { ElasticsearchStoreOptions } from '../index'
import type { SampleCatalogue } from '../sample/catalogue'
import { readDefaultCatalogue, readSampleCatalogue } from '../sample/catalogue'
import type { SampleQuery } from '../sample/engine'
import { ConfigError } from './config-error'
import type { CorsConfig } from './cors'
import { readCors } from './cors-settings'
import { describeSettings } from './describe-settings'
import { readElasticsearch } from './elasticsearch-settings'
import { GivenSettings } from './given-settings'
import type { LogLevel } from './line-logger'
import type { MetricExporter } from './metrics'
import { readPostgresUrl } from './postgres-settings'
import type { GivenOptions } from './settings'
import { KEY_SOURCES, SETTINGS, variableOf } from './settings'
import type { TokenCheck } from './token-check'
import { readTokenCheck } from './token-check'

export interface ServerConfig {
  /** @default all addresses */
  host: string | undefined
  port: number
  /** The token check. Left out, the server runs in development mode. */
  tokenCheck: TokenCheck | undefined
  /** The cluster to stand in front of. Left out, the server answers sample queries. */
  elasticsearch: ElasticsearchStoreOptions | undefined
  /** The database that keeps the sample queries. Left out, memory does. Holds a password. */
  postgresUrl: string | undefined
  queries: readonly SampleQuery[]
  /** Whether `queries` come from the user's own catalogue, which the console does not explain. */
  isOwnCatalogue: boolean
  /** The files to read `queries` from again when one changes: the catalogue, and those that it names. None: never. */
  watchedFiles: readonly string[]
  router: GivenOptions<'router'>
  store: GivenOptions<'memory'>
  info: GivenOptions<'info'>
  /** Whether answers are compressed for clients that accept it. */
  compresses: boolean
  /** Which pages of other origins may ask. Left out, browsers let none. */
  cors: CorsConfig | undefined
  shutdownDelayMs: number
  shutdownGraceMs: number
  logLevel: LogLevel
  /** How it says what it serves. Left out, as text on a terminal, and as JSON elsewhere. */
  print: 'text' | 'json' | undefined
  /** Left out, pretty on a terminal, and JSON elsewhere. */
  logFormat: 'pretty' | 'json' | undefined
  /** Where measurements go. Left out, nothing starts OpenTelemetry. */
  metrics: MetricExporter | undefined
}

/**
 * Reads what flags and environment ask for. A flag wins over its variable. Throws a {@link ConfigError} for a bad value,
 * an unknown name and half a configuration. `commands`: flags that others read. `nearMisses`: lines about variables that look like
 * settings.
 */
export function parseCommandLine(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  commands: readonly string[] = [],
):
  | { action: NonNullable<GivenSettings['action']> }
  | { action: 'serve'; config: ServerConfig; nearMisses: readonly string[] } {
  const given = new GivenSettings(args, environment, commands)
  if (given.action) return { action: given.action }
  const { nearMisses } = given
  try {
    return { action: 'serve', config: readConfig(given), nearMisses }
  } catch (cause) {
    if (!(cause instanceof ConfigError) || nearMisses.length === 0) throw cause
    throw new ConfigError([cause.message, ...nearMisses].join('; '), { cause })
  }
}

/** What a gateway starts with. */
export function readConfig(given: GivenSettings): ServerConfig {
  given.refuseUnknownVariables()
  given.refuseBadValues()
  const tokenCheck = readTokenCheck(given)
  const elasticsearch = readElasticsearch(given)
  const host = given.read(SETTINGS.host)
  if (!tokenCheck) assertDevelopment(given, { host, elasticsearch })
  const { queries, files } = elasticsearch ? { queries: [], files: [] } : readCatalogue(given)
  return {
    // Without a key, anybody who reads the console gets in, so opening it to the network takes a decision.
    host: host ?? (tokenCheck ? undefined : '127.0.0.1'),
    port: given.read(SETTINGS.port),
    tokenCheck,
    elasticsearch,
    postgresUrl: readPostgresUrl(given),
    queries,
    isOwnCatalogue: given.sourceOf(SETTINGS.catalogue) !== undefined,
    watchedFiles: readWatch(given) ? files : [],
    router: given.readOptions('router'),
    store: given.readOptions('memory'),
    info: given.readOptions('info'),
    compresses: given.read(SETTINGS.compression),
    cors: readCors(given),
    shutdownDelayMs: given.read(SETTINGS.shutdownDelay),
    shutdownGraceMs: given.read(SETTINGS.shutdownGrace),
    logLevel: given.read(SETTINGS.logLevel),
    print: given.read(SETTINGS.print),
    logFormat: given.read(SETTINGS.logFormat),
    metrics: given.read(SETTINGS.metrics),
  }
}

const LOOPBACK = ['localhost', '127.0.0.1', '::1']

/** Whether a server without a token check gives others than the users of this machine something, or a cluster to anybody. */
export function isExposed({ host, elasticsearch }: Pick<ServerConfig, 'host' | 'elasticsearch'>): boolean {
  return elasticsearch !== undefined || (host !== undefined && !LOOPBACK.includes(host))
}

/** What answers queries. */
export function kindOf({ elasticsearch, isOwnCatalogue }: ServerConfig): 'cluster' | 'catalogue' | 'samples' {
  return elasticsearch ? 'cluster' : isOwnCatalogue ? 'catalogue' : 'samples'
}

/** Without this, a gateway whose key was not mounted would print tokens to the log. */
function assertDevelopment(
  given: GivenSettings,
  { host, elasticsearch }: Pick<ServerConfig, 'host' | 'elasticsearch'>,
): void {
  if (!isExposed({ host, elasticsearch }) || given.read(SETTINGS.development)) return
  const where = elasticsearch ? 'in front of a cluster' : `on ${host}`
  const keys = KEY_SOURCES.map(variableOf).join(', ')
  throw new ConfigError(
    `there is no key to check tokens with, and the server prints no tokens ${where}: set one of ${keys}, or ` +
      `${variableOf(SETTINGS.development)}=true to let in anybody who reads the console`,
  )
}

export const HELP = `Usage: express-esql-async-query [FLAGS]
       express-esql-async-query COMMAND [FLAGS]

Serves Elasticsearch's ES|QL async query API. With ELASTICSEARCH_URL and sealing keys, it stands in front of a cluster,
and each caller reaches only their own queries. Without, it answers a few sample queries, or those of a catalogue. It keeps
them in memory, or in PostgreSQL.

To check tokens, it needs a key or a key set, algorithms, issuer and audience. It then answers sample queries only with
--samples. Without a key, it runs in development mode and prints tokens to try it with. In front of a cluster, or on
another address than 127.0.0.1, it does so only with --development.

  --help, --version
  --new-sealing-key                print a fresh sealing key
  --postgres-schema                print the SQL that creates the tables of a PostgresStore

Every flag has an environment variable. The flag wins. Defaults are in brackets.

${describeSettings()}
`

/** The queries to answer where there is no cluster. */
export function readCatalogue(given: GivenSettings): SampleCatalogue {
  const file = given.read(SETTINGS.catalogue)
  if (file === undefined) return readSamples(given)
  if (given.read(SETTINGS.samples)) {
    const sources = given.sourcesOf([SETTINGS.samples, SETTINGS.catalogue]).join(' and ')
    throw new ConfigError(`${sources} exclude each other; remove one`)
  }
  given.readFile(SETTINGS.catalogue)
  try {
    return readSampleCatalogue(file)
  } catch (cause) {
    throw new ConfigError(`${given.sourceOf(SETTINGS.catalogue)}: ${messageOf(cause)}`, { cause })
  }
}

/** Who has real tokens wants real answers: a cluster that was forgotten must not look like one that works. */
function readSamples(given: GivenSettings): SampleCatalogue {
  const isChecked = given.sourcesOf(KEY_SOURCES).length > 0
  if (!isChecked || given.read(SETTINGS.samples)) return { queries: readDefaultCatalogue(), files: [] }
  const [cluster, catalogue, samples] = [SETTINGS.elasticsearchUrl, SETTINGS.catalogue, SETTINGS.samples].map(
    variableOf,
  )
  throw new ConfigError(
    `tokens are checked, but there is nothing to answer with: set ${cluster} for a cluster, or ${catalogue} for ` +
      `queries of your own; ${samples}=true serves the sample queries`,
  )
}

function readWatch(given: GivenSettings): boolean {
  const watches = given.read(SETTINGS.watch)
  if (!watches || given.sourceOf(SETTINGS.catalogue) !== undefined) return watches
  throw new ConfigError(
    `${given.sourceOf(SETTINGS.watch)} needs ${variableOf(SETTINGS.catalogue)}, the file to watch`,
  )
}
