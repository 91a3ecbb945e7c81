import { parseTimeValue } from '../time-value'
import { LOG_LEVELS } from './json-logger'

/** A value that the standalone server is told, as an environment variable or as a flag. */
export interface Setting<T> {
  /** Of the variable, without {@link PREFIX}. The flag has the same name, in lower case with dashes. */
  name: string
  /** What a value is, in a word. */
  placeholder: string
  /** What the setting does, for `--help`. */
  about: string
  expected: string
  /** `undefined` for a text that is not what is expected. */
  parse: (text: string) => T | undefined
  /** Only from the environment, since everybody on a machine can read the flags of a process. */
  isSecret?: boolean
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

const FILE = { placeholder: 'FILE', expected: 'the path of a file', parse: (text: string) => text }

const LIST = { placeholder: 'LIST', expected: 'a comma-separated list', parse: parseList }

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
    parse: (text: string) => parseTime(text, 1_000),
    about: "how far the issuer's clock may be off [5s]",
  },
  catalogue: {
    name: 'CATALOGUE',
    ...FILE,
    about: 'the queries to answer, in the format of sample-queries.json [that file]',
  },
  waitByDefault: {
    name: 'WAIT_BY_DEFAULT',
    placeholder: 'BOOLEAN',
    about: 'whether a get without wait_for_completion_timeout waits [true]',
    expected: 'true or false',
    parse: (text: string) => (text === 'true' ? true : text === 'false' ? false : undefined),
  },
  maxWait: { name: 'MAX_WAIT', ...TIME, about: 'longest time that a request waits [no limit]' },
  maxKeepAlive: { name: 'MAX_KEEP_ALIVE', ...TIME, about: 'longest time that a query is kept [no limit]' },
  maxBodyBytes: { name: 'MAX_BODY_BYTES', ...COUNT, about: 'largest request body [1048576]' },
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

export function variableOf({ name }: Setting<unknown>): string {
  return PREFIX + name
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

/** In milliseconds, unless told otherwise. */
function parseTime(text: string, msPerUnit = 1): number | undefined {
  try {
    const ms = parseTimeValue('', text)
    return ms > 0 ? ms / msPerUnit : undefined
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
