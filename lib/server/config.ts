import { readFileSync } from 'node:fs'
import type { ResolveCaller } from '..'
import { parseCatalogue } from '../sample/catalogue'
import type { SampleQuery } from '../sample/sample-query'
import { ConfigError } from './config-error'
import type { ReadFile } from './files'
import { messageOf, readNamedFile } from './files'
import { GivenSettings, present } from './given-settings'
import type { LogLevel } from './json-logger'
import { describeSettings, SETTINGS } from './settings'
import { readTokenCheck } from './token-check'

/** Everything that the standalone server can be told. What is left out has the default of the package. */
export interface ServerConfig {
  /** @default all addresses */
  host: string | undefined
  port: number
  /** The token check. Left out, the server runs in development mode. */
  resolveCaller: ResolveCaller | undefined
  /** @default the built-in samples */
  queries: readonly SampleQuery[] | undefined
  router: { waitByDefault?: boolean; maxWaitMs?: number; maxKeepAliveMs?: number; maxBodyBytes?: number }
  store: { maxQueries?: number; maxQueriesPerOwner?: number; maxBytes?: number; maxBytesPerOwner?: number }
  shutdownGraceMs: number
  logLevel: LogLevel
}

/** What the command line asks for. */
export type ServerCommand =
  | { action: 'help' }
  | { action: 'version' }
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
  readFile: ReadFile = (path) => readFileSync(path, 'utf8'),
): ServerCommand {
  const given = new GivenSettings(args, environment)
  if (given.wantsHelp) return { action: 'help' }
  if (given.wantsVersion) return { action: 'version' }
  const resolveCaller = readTokenCheck(given, readFile)
  return {
    action: 'serve',
    config: {
      // Without a key whoever reads the console is let in, so it takes a decision to open it to the network.
      host: given.read(SETTINGS.host) ?? (resolveCaller ? undefined : '127.0.0.1'),
      port: given.read(SETTINGS.port) ?? 3_000,
      resolveCaller,
      queries: readQueries(given, readFile),
      router: present({
        waitByDefault: given.read(SETTINGS.waitByDefault),
        maxWaitMs: given.read(SETTINGS.maxWait),
        maxKeepAliveMs: given.read(SETTINGS.maxKeepAlive),
        maxBodyBytes: given.read(SETTINGS.maxBodyBytes),
      }),
      store: present({
        maxQueries: given.read(SETTINGS.maxQueries),
        maxQueriesPerOwner: given.read(SETTINGS.maxQueriesPerOwner),
        maxBytes: given.read(SETTINGS.maxBytes),
        maxBytesPerOwner: given.read(SETTINGS.maxBytesPerOwner),
      }),
      shutdownGraceMs: given.read(SETTINGS.shutdownGrace) ?? 10_000,
      logLevel: given.read(SETTINGS.logLevel) ?? 'info',
    },
  }
}

export const HELP = `Usage: express-esql-async-query [FLAGS]

Serves Elasticsearch's ES|QL async query API over a few sample queries.
Without a key to check tokens with, it runs in development mode and prints tokens to try it with.
With one, it also needs algorithms, issuer and audience.

  --help, --version

Every flag has an environment variable; the flag wins.

${describeSettings()}
`

function readQueries(given: GivenSettings, readFile: ReadFile): readonly SampleQuery[] | undefined {
  const path = given.read(SETTINGS.catalogue)
  if (path === undefined) return undefined
  const source = String(given.sourceOf(SETTINGS.catalogue))
  const text = readNamedFile(path, source, readFile)
  try {
    return parseCatalogue(text)
  } catch (cause) {
    throw new ConfigError(`${source}: ${path}: ${messageOf(cause)}`, { cause })
  }
}
