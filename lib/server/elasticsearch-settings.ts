import type { ElasticsearchStoreOptions } from '../index'
import { ElasticsearchStore } from '../index'
import { ConfigError } from './config-error'
import { messageOf, readNamedFile } from './files'
import type { GivenSettings } from './given-settings'
import type { Setting } from './settings'
import { SETTINGS, variableOf } from './settings'

const URL_SETTING = SETTINGS.elasticsearchUrl

const KEYS = [SETTINGS.sealingKeys, SETTINGS.sealingKeysFile] as const

const BASIC = [SETTINGS.elasticsearchUsername, SETTINGS.elasticsearchPassword] as const

const OPTIONAL = {
  forwardAuthorization: SETTINGS.forwardAuthorization,
  abandonAfterMs: SETTINGS.abandonAfter,
}

/** What means something only in front of a cluster. */
const OF_CLUSTERS: readonly Setting<unknown>[] = [
  SETTINGS.elasticsearchApiKey,
  ...BASIC,
  SETTINGS.elasticsearchCaFile,
  ...KEYS,
  SETTINGS.runAsClaim,
  ...Object.values(OPTIONAL),
]

/** What means something only without one. */
const OF_SAMPLES: readonly Setting<unknown>[] = [
  SETTINGS.catalogue,
  SETTINGS.maxQueries,
  SETTINGS.maxQueriesPerOwner,
  SETTINGS.maxBytes,
  SETTINGS.maxBytesPerOwner,
]

/** What the options of the store that it can refuse are read from. */
const SETTINGS_OF = {
  sealingKeys: KEYS,
  runAs: [SETTINGS.runAsClaim],
  forwardAuthorization: [SETTINGS.forwardAuthorization],
}

/** The options of a store in front of the cluster that the settings name, or `undefined` where they name none. */
export function readElasticsearch(given: GivenSettings): ElasticsearchStoreOptions | undefined {
  const url = given.read(URL_SETTING)
  if (!url) return refuse(given, OF_CLUSTERS, (sources) => `${sources}: set ${variableOf(URL_SETTING)} too`)
  const source = String(given.sourceOf(URL_SETTING))
  refuse(given, OF_SAMPLES, (sources) => `${sources}: for sample queries only; remove that, or ${source}`)
  const ca = readCa(given)
  const runsAs = given.read(SETTINGS.runAsClaim) !== undefined
  const options: ElasticsearchStoreOptions = {
    url,
    headers: readCredentials(given),
    sealingKeys: readSealingKeys(given),
    ...(ca !== undefined && { ca }),
    ...(runsAs && { runAs: ({ user }) => user }),
    ...given.readAll(OPTIONAL),
  }
  try {
    // It opens no connection before it is asked for something.
    new ElasticsearchStore(options)
  } catch (cause) {
    const message = messageOf(cause).replace('newSealingKey()', '--new-sealing-key')
    throw new ConfigError(given.inOurNames(message, SETTINGS_OF), { cause })
  }
  return options
}

function readSealingKeys(given: GivenSettings): string[] {
  const keys = given.read(SETTINGS.sealingKeys)
  const path = given.read(SETTINGS.sealingKeysFile)
  const source = String(given.sourceOf(SETTINGS.sealingKeysFile))
  if (keys && path !== undefined) {
    throw new ConfigError(`${variableOf(SETTINGS.sealingKeys)} and ${source} are both set; remove one`)
  }
  if (keys) return keys
  if (path === undefined) {
    const names = KEYS.map(variableOf).join(' or ')
    throw new ConfigError(`${given.sourceOf(URL_SETTING)}: set ${names} too; --new-sealing-key makes a key`)
  }
  const found = readNamedFile(path, source)
    .split(/[\s,]+/)
    .filter(Boolean)
  if (found.length === 0) throw new ConfigError(`${source} names an empty file: ${path}`)
  return found
}

/** Those of the service account: an API key, or a user name and a password. */
function readCredentials(given: GivenSettings): Record<string, string> {
  const apiKey = given.read(SETTINGS.elasticsearchApiKey)
  if (apiKey !== undefined) {
    const name = variableOf(SETTINGS.elasticsearchApiKey)
    refuse(given, BASIC, (sources) => `${sources} and ${name} exclude each other; remove one`)
    return { authorization: `ApiKey ${apiKey}` }
  }
  const [username, password] = BASIC.map((setting) => given.read(setting))
  if (username !== undefined && password !== undefined) {
    return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
  }
  const missing = username === undefined ? BASIC[0] : BASIC[1]
  refuse(given, BASIC, (source) => `${source}: set ${variableOf(missing)} too`)
  return {}
}

function readCa(given: GivenSettings): string | undefined {
  const path = given.read(SETTINGS.elasticsearchCaFile)
  if (path === undefined) return undefined
  return readNamedFile(path, String(given.sourceOf(SETTINGS.elasticsearchCaFile)))
}

/** Throws when one of the settings is given. */
function refuse(
  given: GivenSettings,
  settings: readonly Setting<unknown>[],
  messageFor: (sources: string) => string,
): undefined {
  const sources = settings.flatMap((setting) => given.sourceOf(setting) ?? [])
  if (sources.length > 0) throw new ConfigError(messageFor(sources.join(', ')))
}
