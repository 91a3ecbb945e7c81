import type { JwtCallerOptions, ResolveCaller } from '../index'
import { jwtCaller } from '../index'
import { ConfigError } from './config-error'
import type { ReadFile } from './files'
import { messageOf, readNamedFile } from './files'
import type { GivenSettings } from './given-settings'
import { present } from './given-settings'
import type { Setting } from './settings'
import { SETTINGS, variableOf } from './settings'

const KEY = [SETTINGS.jwtKey, SETTINGS.jwtKeyFile] as const
const REQUIRED = [SETTINGS.jwtAlgorithms, SETTINGS.jwtIssuer, SETTINGS.jwtAudience] as const
const OPTIONAL = [SETTINGS.jwtOwnerClaim, SETTINGS.jwtCancelTasks, SETTINGS.jwtClockTolerance] as const

/**
 * The check that the settings describe, or `undefined` where none is set. All or nothing: half of it would let too
 * many in, or nobody.
 */
export function readTokenCheck(given: GivenSettings, readFile: ReadFile): ResolveCaller | undefined {
  const key = readKey(given, readFile)
  const algorithms = given.read(SETTINGS.jwtAlgorithms)
  const issuer = given.read(SETTINGS.jwtIssuer)
  const audience = given.read(SETTINGS.jwtAudience)
  const ownerClaim = given.read(SETTINGS.jwtOwnerClaim)
  const cancelTasks = given.read(SETTINGS.jwtCancelTasks)
  const toleranceMs = given.read(SETTINGS.jwtClockTolerance)
  if (key === undefined || !algorithms || issuer === undefined || !audience) return refuseHalf(given)
  try {
    return jwtCaller({
      key,
      // Whether each is an algorithm, and fits the key, is checked there.
      algorithms: algorithms as unknown as JwtCallerOptions['algorithms'],
      issuer,
      audience,
      ...present({
        ownerClaim,
        cancelTasks,
        clockToleranceSeconds: toleranceMs && toleranceMs / 1_000,
      }),
    })
  } catch (cause) {
    throw new ConfigError(`${sourcesOf(given, messageOf(cause))}: ${messageOf(cause)}`, { cause })
  }
}

/** Where the options were given that a refusal of `jwtCaller` speaks of. */
function sourcesOf(given: GivenSettings, message: string): string {
  const byOption = new Map<string, readonly Setting<unknown>[]>([
    ['key', KEY],
    ['algorithms', [SETTINGS.jwtAlgorithms]],
    ['clockToleranceSeconds', [SETTINGS.jwtClockTolerance]],
  ])
  const options = [...message.matchAll(/`(\w+)/g)].map(([, option = '']) => option)
  const settings = [...new Set(options)].flatMap((option) => byOption.get(option) ?? [])
  return settings.flatMap((setting) => given.sourceOf(setting) ?? []).join(', ')
}

function readKey(given: GivenSettings, readFile: ReadFile): string | undefined {
  const text = given.read(SETTINGS.jwtKey)
  const path = given.read(SETTINGS.jwtKeyFile)
  if (path === undefined) return text
  const source = String(given.sourceOf(SETTINGS.jwtKeyFile))
  if (text !== undefined) {
    throw new ConfigError(`${variableOf(SETTINGS.jwtKey)} and ${source} are both set; remove one`)
  }
  return readKeyFile(path, source, readFile)
}

function refuseHalf(given: GivenSettings): undefined {
  const settings: readonly Setting<unknown>[] = [...KEY, ...REQUIRED, ...OPTIONAL]
  const sources = settings.flatMap((setting) => given.sourceOf(setting) ?? [])
  if (sources.length === 0) return undefined
  const missing = REQUIRED.filter((setting) => given.sourceOf(setting) === undefined).map(variableOf)
  if (KEY.every((setting) => given.sourceOf(setting) === undefined)) {
    missing.unshift(KEY.map(variableOf).join(' or '))
  }
  throw new ConfigError(`${sources.join(', ')} alone cannot check tokens; set ${missing.join(', ')} too`)
}

function readKeyFile(path: string, source: string, readFile: ReadFile): string {
  // `echo secret > file` ends with a line break that is no part of the secret.
  const key = readNamedFile(path, source, readFile).replace(/[\r\n]+$/, '')
  if (key === '') throw new ConfigError(`${source} names an empty file: ${path}`)
  return key
}
