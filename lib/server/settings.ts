import { parseTimeValue } from '../core/time-value'
import { LOG_LEVELS } from './json-logger'

/** A value that the standalone server is told, as an environment variable or as a flag. */
export interface Setting<T> {
  /** Of the variable, without {@link PREFIX}. The flag has the same name, in lower case with dashes. */
  name: string
  /** The variable has no prefix, because other programs know it by this name. */
  isCommon?: boolean
  /** What a value is, in a word. */
  placeholder: string
  /** What the setting does, for `--help`. */
  about: string
  expected: string
  /** `undefined` for a text that is not what is expected. */
  parse: (text: string) => T | undefined
  /** Only from the environment, since everybody on a machine can read the flags of a process. */
  isSecret?: boolean
  /** A value that is refused is not shown. */
  mayHoldSecret?: boolean
}

/** How the variables of the standalone server begin. */
export const PREFIX = 'ESQL_ASYNC_'

const NON_EMPTY = { placeholder: 'TEXT', expected: 'a text that is not empty', parse: (text: string) => text }

const TIME = {
  placeholder: 'TIME',
  expected: 'a time value such as 500ms, 30s or 5d',
  parse: (text: string) => parseTime(text),
}

const COUNT = {
  placeholder: 'NUMBER',
  expected: 'a whole number above 0',
  parse: (text: string) => (/^[1-9]\d{0,15}$/.test(text) ? Number(text) : undefined),
}

const COUNT_OR_NONE = {
  placeholder: 'NUMBER',
  expected: 'a whole number, 0 or more',
  parse: (text: string) => (text === '0' ? 0 : COUNT.parse(text)),
}

const FILE = { placeholder: 'FILE', expected: 'the path of a file', parse: (text: string) => text }

const BOOLEAN = {
  placeholder: 'BOOLEAN',
  expected: 'true or false',
  parse: (text: string) => (text === 'true' ? true : text === 'false' ? false : undefined),
}

const LIST = { placeholder: 'LIST', expected: 'a comma-separated list', parse: parseList }

/** The value that asks for the issuer's discovery document. */
export const DISCOVER = 'discover'

export const SETTINGS = {
  host: {
    name: 'HOST',
    ...NON_EMPTY,
    about: 'address to listen on; all of them, or 127.0.0.1 without a key',
  },
  port: {
    name: 'PORT',
    placeholder: 'NUMBER',
    about: 'port to listen on; 0 picks a free one [3000]',
    expected: 'a port, 0 to 65535',
    parse: (text: string) => (/^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined),
  },
  jwtKey: {
    name: 'JWT_KEY',
    ...NON_EMPTY,
    isSecret: true,
    about: 'what tokens are checked with: a public key as PEM, or a shared secret',
  },
  jwtKeyFile: {
    name: 'JWT_KEY_FILE',
    ...FILE,
    about: 'a file with that key; line breaks at its end are no part',
  },
  jwtJwks: {
    name: 'JWT_JWKS',
    placeholder: 'URL',
    about: "in place of a key: the URL of the issuer's key set, or `discover` to find it by the issuer",
    expected: 'an http or https URL without credentials, or `discover`',
    mayHoldSecret: true,
    parse: (text: string) => (text === DISCOVER ? DISCOVER : parseUrl(text, { withQuery: true })),
  },
  jwtJwksMaxAge: {
    name: 'JWT_JWKS_MAX_AGE',
    ...TIME,
    about: 'how soon a key that the issuer has removed stops working [10m]',
  },
  jwtJwksMaxOutage: {
    name: 'JWT_JWKS_MAX_OUTAGE',
    ...TIME,
    about: 'how long known keys go on working while the issuer does not answer [24h]',
  },
  jwtJwksAllowHttp: {
    name: 'JWT_JWKS_ALLOW_HTTP',
    ...BOOLEAN,
    about: 'whether the key set may come over http, which lets others put in keys: for tests [false]',
  },
  jwtAlgorithms: {
    name: 'JWT_ALGORITHMS',
    ...LIST,
    about: 'algorithms that tokens may be signed with: RS256,PS256',
  },
  jwtIssuer: { name: 'JWT_ISSUER', ...NON_EMPTY, about: 'the `iss` that tokens must have' },
  jwtAudience: { name: 'JWT_AUDIENCE', ...LIST, about: 'the `aud` that tokens must have, one of them' },
  jwtOwnerClaim: {
    name: 'JWT_OWNER_CLAIM',
    ...NON_EMPTY,
    about: 'the claim that, with the issuer, names the owner of a query [sub]',
  },
  jwtCancelTasks: {
    name: 'JWT_CANCEL_TASKS',
    placeholder: 'CLAIM=VALUE',
    about: 'whose tokens may delete queries of others: scope=cancel_task [nobody]',
    expected: 'a claim and a value, such as scope=cancel_task',
    parse: parseClaim,
  },
  jwtClockTolerance: {
    name: 'JWT_CLOCK_TOLERANCE',
    ...TIME,
    parse: (text: string) => parseTime(text, { msPerUnit: 1_000 }),
    about: "how far the issuer's clock may be off [5s]",
  },
  elasticsearchUrl: {
    name: 'ELASTICSEARCH_URL',
    isCommon: true,
    placeholder: 'URL',
    about: 'the cluster to stand in front of [none: sample queries are answered]',
    expected: 'an http or https URL without credentials and query',
    mayHoldSecret: true,
    parse: (text: string) => parseUrl(text),
  },
  elasticsearchApiKey: {
    name: 'ELASTICSEARCH_API_KEY',
    isCommon: true,
    placeholder: 'TEXT',
    isSecret: true,
    about: 'the API key of the service account, encoded as Elasticsearch gives it out',
    expected: 'an encoded API key',
    parse: (text: string) => (/^[\w+/=-]+$/.test(text) ? text : undefined),
  },
  elasticsearchUsername: {
    name: 'ELASTICSEARCH_USERNAME',
    isCommon: true,
    ...NON_EMPTY,
    about: 'the user name of the service account, in place of an API key',
  },
  elasticsearchPassword: {
    name: 'ELASTICSEARCH_PASSWORD',
    isCommon: true,
    ...NON_EMPTY,
    isSecret: true,
    about: 'its password',
  },
  elasticsearchCaFile: {
    name: 'ELASTICSEARCH_CA_FILE',
    isCommon: true,
    ...FILE,
    about: 'a file with certificates, PEM, to trust in place of those of the system',
  },
  sealingKeys: {
    name: 'SEALING_KEYS',
    ...LIST,
    isSecret: true,
    about: 'keys of query ids: the first one seals, all of them open; --new-sealing-key makes one',
  },
  sealingKeysFile: {
    name: 'SEALING_KEYS_FILE',
    ...FILE,
    about: 'a file with those keys, one a line',
  },
  runAsClaim: {
    name: 'RUN_AS_CLAIM',
    ...NON_EMPTY,
    about: 'the claim that names the user of the cluster to act as [the service account acts]',
  },
  forwardAuthorization: {
    name: 'FORWARD_AUTHORIZATION',
    ...BOOLEAN,
    about: "whether the cluster gets the caller's own token [false]",
  },
  abandonAfter: {
    name: 'ABANDON_AFTER',
    ...TIME,
    expected: 'a time value, 1s or more',
    parse: (text: string) => parseTime(text, { leastMs: 1_000 }),
    about: 'how long a query goes on that nobody polls [its keep_alive]',
  },
  development: {
    name: 'DEVELOPMENT',
    ...BOOLEAN,
    about: 'whether tokens may be printed in front of a cluster, or where the network can reach it [false]',
  },
  catalogue: {
    name: 'CATALOGUE',
    ...FILE,
    about: 'the queries to answer, in the format of sample-queries.json [that file]',
  },
  waitByDefault: {
    name: 'WAIT_BY_DEFAULT',
    ...BOOLEAN,
    about: 'whether a get without wait_for_completion_timeout waits [true]',
  },
  maxWait: { name: 'MAX_WAIT', ...TIME, about: 'longest time that a request waits [no limit]' },
  maxWaits: { name: 'MAX_WAITS', ...COUNT, about: 'how many requests may wait at a time [50000]' },
  maxWaitsPerOwner: { name: 'MAX_WAITS_PER_OWNER', ...COUNT, about: 'the same of one owner [half of it]' },
  maxKeepAlive: { name: 'MAX_KEEP_ALIVE', ...TIME, about: 'longest time that a query is kept [no limit]' },
  maxBodyBytes: { name: 'MAX_BODY_BYTES', ...COUNT, about: 'largest request body [1048576]' },
  maxCachedBytes: {
    name: 'MAX_CACHED_BYTES',
    ...COUNT_OR_NONE,
    about: 'memory for finished answers that are read again [33554432]',
  },
  maxQueries: { name: 'MAX_QUERIES', ...COUNT, about: 'most queries held at a time [10000]' },
  maxQueriesPerOwner: { name: 'MAX_QUERIES_PER_OWNER', ...COUNT, about: 'the same of one owner [1000]' },
  maxBytes: { name: 'MAX_BYTES', ...COUNT, about: 'most memory that queries may take [268435456]' },
  maxBytesPerOwner: { name: 'MAX_BYTES_PER_OWNER', ...COUNT, about: 'the same of one owner [67108864]' },
  shutdownGrace: {
    name: 'SHUTDOWN_GRACE',
    ...TIME,
    about: 'how long answers that are being sent may take to finish after SIGTERM [10s]',
  },
  logLevel: {
    name: 'LOG_LEVEL',
    placeholder: 'LEVEL',
    about: 'least level that is logged [info]',
    expected: 'debug, info, warn or error',
    parse: (text: string) => LOG_LEVELS.find((level) => level === text),
  },
} as const satisfies Record<string, Setting<unknown>>

export const ALL_SETTINGS: readonly Setting<unknown>[] = Object.values(SETTINGS)

export function variableOf({ name, isCommon = false }: Setting<unknown>): string {
  return isCommon ? name : PREFIX + name
}

export function flagOf({ name }: Setting<unknown>): string {
  return name.toLowerCase().replaceAll('_', '-')
}

/** The lines of `--help` that list the settings. */
export function describeSettings(): string {
  return ALL_SETTINGS.map((setting) => {
    const flag = setting.isSecret ? '(no flag)' : `--${flagOf(setting)} ${setting.placeholder}`
    return `  ${flag.padEnd(32)} ${variableOf(setting)}\n      ${setting.about}`
  }).join('\n')
}

function parseUrl(text: string, { withQuery = false } = {}): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const { protocol = '', username, password, search, hash } = url ?? {}
  const isPlain = [username, password, withQuery ? '' : search, hash].every((part) => part === '')
  return isPlain && /^https?:$/.test(protocol) ? url : undefined
}

/** In milliseconds, unless told otherwise. */
function parseTime(text: string, { msPerUnit = 1, leastMs = 1 } = {}): number | undefined {
  try {
    const ms = parseTimeValue('', text)
    return ms >= leastMs ? ms / msPerUnit : undefined
  } catch {
    return undefined
  }
}

function parseClaim(text: string): { claim: string; value: string } | undefined {
  const [, claim, value] = /^([^=]+)=(.+)$/.exec(text) ?? []
  return claim !== undefined && value !== undefined ? { claim, value } : undefined
}

function parseList(text: string): string[] | undefined {
  const items = text.split(',').map((item) => item.trim())
  return items.includes('') ? undefined : items
}
