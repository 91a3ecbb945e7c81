import { messageOf } from '../core/message-of'
import type { ElasticsearchStoreOptions } from '../index'
import { ElasticsearchStore, newSealingKey } from '../index'
import { ConfigError } from './config-error'
import type { GivenSettings } from './given-settings'
import type { Setting } from './setting-kinds'
import { SETTINGS, settingsOf, variableOf } from './settings'

const URL_SETTING = SETTINGS.elasticsearchUrl

const BASIC = [SETTINGS.elasticsearchUsername, SETTINGS.elasticsearchPassword] as const

const OF_CLUSTERS = settingsOf('elasticsearch').filter((setting) => setting !== URL_SETTING)

const OF_SAMPLES = [
  SETTINGS.catalogue,
  SETTINGS.samples,
  SETTINGS.productVersion,
  SETTINGS.postgresUrl,
  ...settingsOf('memory'),
]

/** The options of a store in front of the cluster that the settings name, or `undefined` without a cluster. */
export function readElasticsearch(given: GivenSettings): ElasticsearchStoreOptions | undefined {
  const cluster = readCluster(given)
  if (!cluster) return undefined
  const options = { ...cluster, sealingKeys: readSealingKeys(given) }
  assertUsable(given, options)
  return options
}

/** The same without sealing keys. */
export function readCluster(
  given: GivenSettings,
): Omit<ElasticsearchStoreOptions, 'sealingKeys'> | undefined {
  const url = given.read(URL_SETTING)
  if (!url) return refuse(given, OF_CLUSTERS, (sources) => `${sources}: set ${variableOf(URL_SETTING)} too`)
  const source = String(given.sourceOf(URL_SETTING))
  refuse(given, OF_SAMPLES, (sources) => `${sources}: for sample queries only; remove it, or ${source}`)
  const ca = given.readFile(SETTINGS.elasticsearchCaFile)?.toString()
  const runsAs = given.sourceOf(SETTINGS.runAsClaim) !== undefined
  const { sealingKeys: _, ...others } = given.readOptions('elasticsearch')
  const options: Omit<ElasticsearchStoreOptions, 'sealingKeys'> = {
    ...others,
    headers: readCredentials(given),
    ...(ca !== undefined && { ca }),
    ...(runsAs && { runAs: ({ user }) => user }),
  }
  assertUsable(given, { ...options, sealingKeys: [newSealingKey()] })
  return options
}

function assertUsable(given: GivenSettings, options: ElasticsearchStoreOptions): void {
  try {
    // It opens no connection before its first request.
    new ElasticsearchStore(options)
  } catch (cause) {
    const message = messageOf(cause).replace('newSealingKey()', '--new-sealing-key')
    throw new ConfigError(given.withSettingNames(message, 'elasticsearch'), { cause })
  }
}

/** Whether each of them seals is for {@link readElasticsearch} to say. */
export function readSealingKeys(given: GivenSettings): string[] {
  const text = given.readFile(SETTINGS.sealingKeysFile, SETTINGS.sealingKeys)?.toString()
  const keys = text === undefined ? given.read(SETTINGS.sealingKeys) : text.split(/[\s,]+/).filter(Boolean)
  if (keys) return keys
  const names = [SETTINGS.sealingKeys, SETTINGS.sealingKeysFile].map(variableOf).join(' or ')
  throw new ConfigError(`${given.sourceOf(URL_SETTING)}: set ${names} too; --new-sealing-key makes a key`)
}

/** The credentials of the service account: an API key, or a user name and a password. */
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

function refuse(
  given: GivenSettings,
  settings: readonly Setting<unknown>[],
  messageFor: (sources: string) => string,
): undefined {
  const sources = given.sourcesOf(settings)
  if (sources.length > 0) throw new ConfigError(messageFor(sources.join(', ')))
}
