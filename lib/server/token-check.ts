import { messageOf } from '../core/message-of'
import type { JwksOptions, JwtCallerOptions, Logger, ResolveCaller } from '../index'
import { jwtCaller } from '../index'
import { resolveJwtOptions } from '../jwt/options'
import { ConfigError } from './config-error'
import type { GivenSettings } from './given-settings'
import { DISCOVER } from './jwt-settings'
import { KEY_SOURCES, SETTINGS, settingsOf, variableOf } from './settings'

const REQUIRED = [SETTINGS.jwtAlgorithms, SETTINGS.jwtIssuer, SETTINGS.jwtAudience]

/** A check of tokens, and what it is made of. */
export interface TokenCheck {
  resolveCaller: ResolveCaller
  /** Holds the key. */
  options: JwtCallerOptions
}

/**
 * The check that the settings describe, or `undefined` without any. Half a check is an error, since it would let in
 * too many callers, or none.
 */
export function readTokenCheck(given: GivenSettings): TokenCheck | undefined {
  const { key: text, algorithms, issuer, audience, ...optional } = given.readOptions('jwt')
  const keys = readKeys(given, text)
  if (!keys || !algorithms || issuer === undefined || !audience) return refuseHalf(given)
  try {
    // It checks whether each is an algorithm and fits the key.
    const checked = algorithms as JwtCallerOptions['algorithms']
    const options = { ...keys, algorithms: checked, issuer, audience, ...optional }
    return { resolveCaller: jwtCaller(options), options }
  } catch (cause) {
    const allowHttp = `${variableOf(SETTINGS.jwtJwksAllowHttp)}=true`
    const message = messageOf(cause).replace('allowHttp: true', allowHttp)
    throw new ConfigError(given.withSettingNames(message, 'jwt', 'jwks'), { cause })
  }
}

function readKeys(
  given: GivenSettings,
  text: string | undefined,
): Pick<JwtCallerOptions, 'key' | 'jwks'> | undefined {
  const key = given.readFile(SETTINGS.jwtKeyFile, SETTINGS.jwtKey) ?? text
  const jwks = readKeySet(given)
  if (key !== undefined && jwks) {
    throw new ConfigError(`${given.sourcesOf(KEY_SOURCES).join(' and ')} are both set; remove one`)
  }
  if (jwks) return { jwks }
  return key === undefined ? undefined : { key }
}

function readKeySet(given: GivenSettings): JwksOptions | undefined {
  const location = given.read(SETTINGS.jwtJwks)
  const options = given.readOptions('jwks')
  if (location === undefined) {
    const sources = given.sourcesOf(settingsOf('jwks'))
    if (sources.length === 0) return undefined
    throw new ConfigError(`${sources.join(', ')}: set ${variableOf(SETTINGS.jwtJwks)} too`)
  }
  return { ...options, ...(location !== DISCOVER && { url: location }) }
}

function refuseHalf(given: GivenSettings): undefined {
  // A name for the cluster is no part of the check: the users of development mode have names too.
  const sources = given.sourcesOf(settingsOf('jwt').filter((setting) => setting !== SETTINGS.runAsClaim))
  if (sources.length === 0) return undefined
  const missing = REQUIRED.filter((setting) => given.sourceOf(setting) === undefined).map(variableOf)
  if (given.sourcesOf(KEY_SOURCES).length === 0) missing.unshift(KEY_SOURCES.map(variableOf).join(' or '))
  throw new ConfigError(`${sources.join(', ')} alone cannot check tokens; set ${missing.join(', ')} too`)
}

/**
 * What tokens are checked with, in words that show nothing of a key, and whether any of it fits the algorithms. Fetches the keys
 * that an issuer publishes.
 */
export async function describeKeys({ options }: TokenCheck): Promise<{ keys: string[]; isFitting: boolean }> {
  const { keys, algorithms } = resolveJwtOptions(options)
  await keys.check?.(SILENT)
  const known = keys.known()
  return {
    keys: known.map(({ kid, algorithms: fitting, description }) => {
      const name = kid === undefined ? '' : `kid ${JSON.stringify(kid)}, `
      return `${name}${description}, for ${fitting.join(' ')}`
    }),
    isFitting: known.some((key) => algorithms.some((name) => key.algorithms.includes(name))),
  }
}

/** Whoever asks gets the failure itself. */
const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} }
