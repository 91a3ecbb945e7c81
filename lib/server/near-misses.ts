import { closest } from '../core/did-you-mean'
import type { Setting } from './setting-kinds'
import { ALL_SETTINGS, KEY_SOURCES, PREFIX, SETTINGS, variableOf } from './settings'

type Environment = Readonly<Record<string, string | undefined>>

/** Names by which other programs and platforms know what a setting of ours is. */
interface ForeignNames {
  setting: Setting<unknown>
  names: readonly string[]
  /** With one of these, the setting is not needed. */
  unless?: readonly Setting<unknown>[]
}

const FOREIGN: readonly ForeignNames[] = [
  {
    setting: SETTINGS.elasticsearchUrl,
    names: [
      ...['ELASTICSEARCH_URI', 'ELASTICSEARCH_URLS', 'ELASTICSEARCH_HOST', 'ELASTICSEARCH_HOSTS'],
      ...['ELASTICSEARCH_NODE', 'ELASTICSEARCH_NODES', 'ELASTICSEARCH_ENDPOINT'],
      ...['ELASTIC_URL', 'ELASTIC_URI', 'ELASTIC_HOST', 'ELASTIC_HOSTS', 'ELASTIC_NODE', 'ELASTIC_ENDPOINT'],
      ...['ES_URL', 'ES_URI', 'ES_HOST', 'ES_HOSTS', 'ES_NODE', 'ES_NODES', 'ES_ENDPOINT'],
    ],
  },
  {
    setting: SETTINGS.elasticsearchApiKey,
    names: ['ELASTICSEARCH_APIKEY', 'ELASTIC_API_KEY', 'ELASTIC_APIKEY', 'ES_API_KEY', 'ES_APIKEY'],
    unless: [SETTINGS.elasticsearchUsername],
  },
  {
    setting: SETTINGS.elasticsearchUsername,
    names: ['ELASTICSEARCH_USER', 'ELASTIC_USERNAME', 'ELASTIC_USER', 'ES_USERNAME', 'ES_USER'],
    unless: [SETTINGS.elasticsearchApiKey],
  },
  {
    setting: SETTINGS.elasticsearchPassword,
    names: ['ELASTIC_PASSWORD', 'ES_PASSWORD'],
    unless: [SETTINGS.elasticsearchApiKey],
  },
  {
    setting: SETTINGS.elasticsearchCaFile,
    names: [
      'ELASTICSEARCH_CA',
      'ELASTICSEARCH_CA_CERT',
      'ELASTICSEARCH_CA_CERTS',
      'ES_CA_FILE',
      'ES_CA_CERT',
    ],
  },
  { setting: SETTINGS.sealingKeys, names: ['SEALING_KEY'], unless: [SETTINGS.sealingKeysFile] },
  {
    setting: SETTINGS.jwtJwks,
    names: ['JWKS_URI', 'JWKS_URL', 'JWT_JWKS_URI', 'JWT_JWKS_URL', 'OIDC_JWKS_URI', 'OIDC_JWKS_URL'],
    unless: KEY_SOURCES,
  },
  {
    setting: SETTINGS.jwtKey,
    names: ['JWT_SECRET', 'JWT_SECRET_KEY', 'JWT_PUBLIC_KEY', 'JWT_SIGNING_KEY'],
    unless: KEY_SOURCES,
  },
  { setting: SETTINGS.jwtAlgorithms, names: ['JWT_ALGORITHM', 'JWT_ALG', 'JWT_ALGS'] },
  {
    setting: SETTINGS.jwtIssuer,
    names: ['JWT_ISS', 'OIDC_ISSUER', 'OIDC_ISSUER_URL', 'ISSUER_URL', 'AUTH_ISSUER'],
  },
  { setting: SETTINGS.jwtAudience, names: ['JWT_AUD', 'OIDC_AUDIENCE', 'AUTH_AUDIENCE'] },
  {
    setting: SETTINGS.postgresUrl,
    names: ['DATABASE_URL', 'POSTGRES_URL', 'POSTGRES_URI', 'POSTGRESQL_URL', 'PG_URL'],
    unless: [SETTINGS.elasticsearchUrl],
  },
]

/** Names that are so specific that another one which is nearly the same is a typing error. */
const FAMILIES = /^(ELASTICSEARCH|ESQL|JWT|JWKS|SEALING)_/

/** How similar a typing error is. Other programs have variables of these families too. */
const TYPING_ERROR = 0.85

/** Variables that Kubernetes sets for a service whose name begins like our prefix. */
const SERVICE_LINK = /_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_\d+_(TCP|UDP|SCTP)(_.*)?)?)$/

/** Our variables, those that somebody gives without their prefix, and the names of others. */
const KNOWN: ReadonlyMap<string, Setting<unknown>> = new Map([
  ...ALL_SETTINGS.filter(({ name }) => FAMILIES.test(name)).map(
    (setting) => [setting.name, setting] as const,
  ),
  ...FOREIGN.flatMap(({ setting, names }) => names.map((name) => [name, setting] as const)),
  ...ALL_SETTINGS.map((setting) => [variableOf(setting), setting] as const),
])

/** The same behind our prefix, which people put in front of names that have none. */
const PREFIXED: ReadonlyMap<string, Setting<unknown>> = new Map(
  [...KNOWN].map(([name, setting]) => [name.startsWith(PREFIX) ? name : PREFIX + name, setting]),
)

const OURS: ReadonlySet<string> = new Set(ALL_SETTINGS.map(variableOf))

/** The variables with our prefix that are no settings, each with the setting that may be meant. */
export function unknownVariables(environment: Environment): { name: string; meant: string | undefined }[] {
  return strangersOf(environment)
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => {
      const setting = similarTo(name, PREFIXED)
      return { name, meant: setting && variableOf(setting) }
    })
}

/**
 * A line for each variable of others that looks like a setting which is not given. Says nothing of its value. `isGiven`: of one
 * of our settings.
 */
export function nearMisses(
  environment: Environment,
  isGiven: (setting: Setting<unknown>) => boolean,
): string[] {
  return strangersOf(environment).flatMap((name) => {
    const setting = name.startsWith(PREFIX) ? undefined : meantBy(name)
    if (!setting) return []
    const { unless = [] } = FOREIGN.find((row) => row.setting === setting) ?? {}
    if ([setting, ...unless].some(isGiven)) return []
    return `the variable ${name} is not read; did you mean ${variableOf(setting)}?`
  })
}

function meantBy(name: string): Setting<unknown> | undefined {
  return FAMILIES.test(name) ? similarTo(name, KNOWN, TYPING_ERROR) : KNOWN.get(name)
}

/**
 * What the known name stands for that is most similar to `name`. Letters in another order are the most frequent typing error, and count
 * as two in a comparison.
 */
export function similarTo<T>(name: string, known: ReadonlyMap<string, T>, least?: number): T | undefined {
  const swapped = [...known.keys()].find((candidate) => lettersOf(candidate) === lettersOf(name))
  const [suggestion = ''] = swapped === undefined ? closest(name, known.keys(), least) : [swapped]
  return known.get(suggestion)
}

function lettersOf(name: string): string {
  return [...name].sort().join('')
}

function strangersOf(environment: Environment): string[] {
  return Object.keys(environment).filter((name) => !OURS.has(name) && !SERVICE_LINK.test(name))
}
