import type { JwksOptions, JwtCallerOptions, ResolveCaller } from '../index'
import { jwtCaller } from '../index'
import { ConfigError } from './config-error'
import { messageOf, readNamedFile } from './files'
import type { GivenSettings } from './given-settings'
import { stderrLogger } from './json-logger'
import type { Setting } from './settings'
import { DISCOVER, SETTINGS, variableOf } from './settings'

const KEY = [SETTINGS.jwtKey, SETTINGS.jwtKeyFile] as const
/** Of which one is needed, and one is enough. */
const KEY_SOURCES = [...KEY, SETTINGS.jwtJwks] as const
const OF_KEY_SETS = {
  maxAgeMs: SETTINGS.jwtJwksMaxAge,
  maxOutageMs: SETTINGS.jwtJwksMaxOutage,
  allowHttp: SETTINGS.jwtJwksAllowHttp,
}
const REQUIRED = [SETTINGS.jwtAlgorithms, SETTINGS.jwtIssuer, SETTINGS.jwtAudience] as const
const OPTIONAL = {
  ownerClaim: SETTINGS.jwtOwnerClaim,
  cancelTasks: SETTINGS.jwtCancelTasks,
  clockToleranceSeconds: SETTINGS.jwtClockTolerance,
}

/** What the options of `jwtCaller` that it can refuse are read from. */
const SETTINGS_OF = {
  key: KEY,
  jwks: [SETTINGS.jwtJwks],
  issuer: [SETTINGS.jwtIssuer],
  ...Object.fromEntries(Object.entries(OF_KEY_SETS).map(([option, setting]) => [option, [setting]])),
  algorithms: [SETTINGS.jwtAlgorithms],
  clockToleranceSeconds: [SETTINGS.jwtClockTolerance],
}

/**
 * The check that the settings describe, or `undefined` where none is set. All or nothing: half of it would let too
 * many in, or nobody.
 */
export function readTokenCheck(given: GivenSettings): ResolveCaller | undefined {
  const keys = readKeys(given)
  const algorithms = given.read(SETTINGS.jwtAlgorithms)
  const issuer = given.read(SETTINGS.jwtIssuer)
  const audience = given.read(SETTINGS.jwtAudience)
  // No part of the check: without one, the users of development mode have names too.
  const optional = given.readAll({ ...OPTIONAL, userClaim: SETTINGS.runAsClaim })
  if (!keys || !algorithms || issuer === undefined || !audience) return refuseHalf(given)
  try {
    // Whether each is an algorithm, and fits the key, is checked there.
    const checked = algorithms as JwtCallerOptions['algorithms']
    return jwtCaller({ ...keys, algorithms: checked, issuer, audience, ...optional })
  } catch (cause) {
    const message = messageOf(cause).replace(
      'allowHttp: true',
      `${variableOf(SETTINGS.jwtJwksAllowHttp)}=true`,
    )
    throw new ConfigError(given.inOurNames(message, SETTINGS_OF), { cause })
  }
}

function readKeys(given: GivenSettings): Pick<JwtCallerOptions, 'key' | 'jwks'> | undefined {
  const key = readKey(given)
  const jwks = readKeySet(given)
  if (key !== undefined && jwks) {
    const sources = KEY_SOURCES.flatMap((setting) => given.sourceOf(setting) ?? [])
    throw new ConfigError(`${sources.join(' and ')} are both set; remove one`)
  }
  if (jwks) return { jwks }
  return key === undefined ? undefined : { key }
}

function readKeySet(given: GivenSettings): JwksOptions | undefined {
  const location = given.read(SETTINGS.jwtJwks)
  const options = given.readAll(OF_KEY_SETS)
  if (location === undefined) {
    const sources = Object.values(OF_KEY_SETS).flatMap((setting) => given.sourceOf(setting) ?? [])
    if (sources.length === 0) return undefined
    throw new ConfigError(`${sources.join(', ')}: set ${variableOf(SETTINGS.jwtJwks)} too`)
  }
  return {
    ...options,
    ...(location !== DISCOVER && { url: location }),
    logger: stderrLogger(given.read(SETTINGS.logLevel)),
  }
}

function readKey(given: GivenSettings): string | undefined {
  const text = given.read(SETTINGS.jwtKey)
  const path = given.read(SETTINGS.jwtKeyFile)
  if (path === undefined) return text
  const source = String(given.sourceOf(SETTINGS.jwtKeyFile))
  if (text !== undefined) {
    throw new ConfigError(`${variableOf(SETTINGS.jwtKey)} and ${source} are both set; remove one`)
  }
  // `echo secret > file` ends with a line break that is no part of the secret.
  const key = readNamedFile(path, source).replace(/[\r\n]+$/, '')
  if (key === '') throw new ConfigError(`${source} names an empty file: ${path}`)
  return key
}

function refuseHalf(given: GivenSettings): undefined {
  const settings: readonly Setting<unknown>[] = [...KEY_SOURCES, ...REQUIRED, ...Object.values(OPTIONAL)]
  const sources = settings.flatMap((setting) => given.sourceOf(setting) ?? [])
  if (sources.length === 0) return undefined
  const missing = REQUIRED.filter((setting) => given.sourceOf(setting) === undefined).map(variableOf)
  if (KEY_SOURCES.every((setting) => given.sourceOf(setting) === undefined)) {
    missing.unshift(KEY_SOURCES.map(variableOf).join(' or '))
  }
  throw new ConfigError(`${sources.join(', ')} alone cannot check tokens; set ${missing.join(', ')} too`)
}
