import type { AsyncQueryRouterOptions, ElasticsearchStoreOptions, ResolveCaller } from '../index'
import { parseCatalogue, readDefaultCatalogue } from '../sample/catalogue'
import type { SampleQuery } from '../sample/engine'
import { ConfigError } from './config-error'
import { readElasticsearch } from './elasticsearch-settings'
import { messageOf, readNamedFile } from './files'
import { GivenSettings } from './given-settings'
import type { LogLevel } from './json-logger'
import { describeSettings, SETTINGS, variableOf } from './settings'
import { readTokenCheck } from './token-check'

/** Everything that the standalone server can be told. What is left out has the default of the package. */
export interface ServerConfig {
  /** @default all addresses */
  host: string | undefined
  port: number
  /** The token check. Left out, the server runs in development mode. */
  resolveCaller: ResolveCaller | undefined
  /** The cluster to stand in front of. Left out, sample queries are answered. */
  elasticsearch: ElasticsearchStoreOptions | undefined
  /** What is answered, if not by a cluster. */
  queries: readonly SampleQuery[]
  /** Whether those are a team's own, and not the samples that the console shows around. */
  isOwnCatalogue: boolean
  router: Omit<AsyncQueryRouterOptions, 'store' | 'resolveCaller' | 'logger' | 'meterProvider'>
  store: { maxQueries?: number; maxQueriesPerOwner?: number; maxBytes?: number; maxBytesPerOwner?: number }
  shutdownGraceMs: number
  logLevel: LogLevel
}

/** What the command line asks for. */
export type ServerCommand =
  | { action: 'help' }
  | { action: 'version' }
  | { action: 'new-sealing-key' }
  | { action: 'serve'; config: ServerConfig }

/**
 * Reads flags and environment. A flag wins over its variable.
 *
 * Throws a {@link ConfigError} that names the flag or variable for a bad value, an unknown name and half a
 * configuration.
 */
export function readCommand(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): ServerCommand {
  const given = new GivenSettings(args, environment)
  if (given.wantsHelp) return { action: 'help' }
  if (given.wantsVersion) return { action: 'version' }
  if (given.wantsNewSealingKey) return { action: 'new-sealing-key' }
  const resolveCaller = readTokenCheck(given)
  const elasticsearch = readElasticsearch(given)
  const host = given.read(SETTINGS.host)
  if (!resolveCaller) assertDevelopment(given, { host, elasticsearch })
  return {
    action: 'serve',
    config: {
      // Without a key whoever reads the console is let in, so it takes a decision to open it to the network.
      host: host ?? (resolveCaller ? undefined : '127.0.0.1'),
      port: given.read(SETTINGS.port) ?? 3_000,
      resolveCaller,
      elasticsearch,
      queries: elasticsearch ? [] : readQueries(given),
      isOwnCatalogue: given.sourceOf(SETTINGS.catalogue) !== undefined,
      router: given.readAll({
        waitByDefault: SETTINGS.waitByDefault,
        maxWaitMs: SETTINGS.maxWait,
        maxWaits: SETTINGS.maxWaits,
        maxWaitsPerOwner: SETTINGS.maxWaitsPerOwner,
        maxKeepAliveMs: SETTINGS.maxKeepAlive,
        maxBodyBytes: SETTINGS.maxBodyBytes,
        maxCachedBytes: SETTINGS.maxCachedBytes,
      }),
      store: given.readAll({
        maxQueries: SETTINGS.maxQueries,
        maxQueriesPerOwner: SETTINGS.maxQueriesPerOwner,
        maxBytes: SETTINGS.maxBytes,
        maxBytesPerOwner: SETTINGS.maxBytesPerOwner,
      }),
      shutdownGraceMs: given.read(SETTINGS.shutdownGrace) ?? 10_000,
      logLevel: given.read(SETTINGS.logLevel) ?? 'info',
    },
  }
}

const LOOPBACK = ['localhost', '127.0.0.1', '::1']

/** A key that was not mounted must not turn a gateway into one that prints tokens to whoever reads the log. */
function assertDevelopment(
  given: GivenSettings,
  { host, elasticsearch }: { host: string | undefined; elasticsearch: object | undefined },
): void {
  const isOpen = elasticsearch !== undefined || (host !== undefined && !LOOPBACK.includes(host))
  if (!isOpen || given.read(SETTINGS.development) === true) return
  const where = elasticsearch ? 'in front of a cluster' : `on ${host}`
  throw new ConfigError(
    `there is no key to check tokens with, and ${where} none are printed: set ${variableOf(SETTINGS.jwtKey)}, ` +
      `${variableOf(SETTINGS.jwtKeyFile)} or ${variableOf(SETTINGS.jwtJwks)}, or ` +
      `${variableOf(SETTINGS.development)}=true to let in whoever reads the console`,
  )
}

export const HELP = `Usage: express-esql-async-query [FLAGS]

Serves Elasticsearch's ES|QL async query API: in front of a cluster, where each caller reaches only their own queries,
or, without ELASTICSEARCH_URL, over a few sample queries. In front of a cluster it needs sealing keys too.
Without a key to check tokens with, it runs in development mode and prints tokens to try it with; in front of a
cluster, or on another address than 127.0.0.1, only with --development true.
With one, it also needs algorithms, issuer and audience.

  --help, --version
  --new-sealing-key                prints a fresh one

Every flag has an environment variable; the flag wins.

${describeSettings()}
`

function readQueries(given: GivenSettings): readonly SampleQuery[] {
  const path = given.read(SETTINGS.catalogue)
  if (path === undefined) return readDefaultCatalogue()
  const source = String(given.sourceOf(SETTINGS.catalogue))
  const text = readNamedFile(path, source)
  try {
    return parseCatalogue(text)
  } catch (cause) {
    throw new ConfigError(`${source}: ${path}: ${messageOf(cause)}`, { cause })
  }
}
