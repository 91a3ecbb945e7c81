import { CLUSTER_SETTINGS } from './cluster-settings'
import { JWT_SETTINGS } from './jwt-settings'
import { LOG_LEVELS } from './line-logger'
import type { Part, Setting } from './setting-kinds'
import {
  BOOLEAN,
  COUNT,
  COUNT_OR_NONE,
  FILE,
  LIST,
  NON_EMPTY,
  OPTION_TABLES,
  PORT,
  parseOrigins,
  parseTime,
  TIME,
  wordOf,
} from './setting-kinds'

export const PREFIX = 'ESQL_ASYNC_'

/** Those of Elasticsearch, and those that correlate requests. */
const CORS_HEADERS = [
  ...['X-Requested-With', 'Content-Type', 'Content-Length', 'Authorization', 'Accept', 'User-Agent'],
  ...['X-Elastic-Client-Meta', 'X-Opaque-Id', 'traceparent', 'Idempotency-Key'],
]

export const SETTINGS = named({
  host: { ...NON_EMPTY, about: 'address to listen on', defaultInWords: 'all, or 127.0.0.1 without a key' },
  port: {
    ...PORT,
    about: 'port to listen on; 0 picks a free one; without it, the variable PORT counts',
    alias: 'PORT',
    default: 3_000,
  },
  ...JWT_SETTINGS,
  ...CLUSTER_SETTINGS,
  development: {
    ...BOOLEAN,
    about: 'whether to print tokens even in front of a cluster, or where the network reaches the server',
    default: false,
  },
  catalogue: {
    ...FILE,
    about: 'the queries to answer, in the format of sample-queries.json',
    defaultInWords: 'sample-queries.json',
  },
  samples: {
    ...BOOLEAN,
    about: 'whether to answer the sample queries although tokens are checked',
    default: false,
  },
  watch: {
    ...BOOLEAN,
    about: 'whether to read the catalogue again when its file changes',
    default: false,
  },
  productVersion: {
    placeholder: 'VERSION',
    expected: 'a version such as 9.5.0',
    parse: (text: string) => (OPTION_TABLES.info.version.fits(text) ? text : undefined),
    about: 'the release of Elasticsearch that clients take the server for; a cluster has its own',
    option: 'info.version',
  },
  waitByDefault: {
    ...BOOLEAN,
    about: 'whether a get without a timeout waits',
    option: 'router.waitByDefault',
  },
  maxWait: { ...TIME, about: 'longest time that a request waits', option: 'router.maxWaitMs' },
  maxQuery: {
    ...TIME,
    about: 'longest time that a synchronous query runs',
    option: 'router.maxQueryMs',
  },
  maxWaits: { ...COUNT, about: 'how many requests may wait at a time', option: 'router.maxWaits' },
  maxWaitsPerOwner: { ...COUNT, about: 'the same for one owner', option: 'router.maxWaitsPerOwner' },
  maxStall: {
    ...TIME,
    expected: 'a time value, or -1 for no limit',
    parse: (text: string) => (text === '-1' ? Number.POSITIVE_INFINITY : parseTime(text)),
    about: 'how long a client may take nothing of its answer; -1 is no limit',
    option: 'router.maxStallMs',
  },
  maxKeepAlive: { ...TIME, about: 'longest time that a query is kept', option: 'router.maxKeepAliveMs' },
  maxBodyBytes: { ...COUNT, about: 'largest request body, in bytes', option: 'router.maxBodyBytes' },
  strict: {
    ...BOOLEAN,
    about: 'whether the gateway refuses what it does not know in front of a cluster too',
    option: 'router.strict',
  },
  maxCachedBytes: {
    ...COUNT_OR_NONE,
    about: 'memory for finished answers, in bytes',
    option: 'router.maxCachedBytes',
  },
  postgresUrl: {
    placeholder: 'URL',
    // Most of them hold a password.
    isSecret: true,
    about:
      'the PostgreSQL database that keeps sample queries, for every server that has the same one; needs `pg`',
    expected: 'a URL such as postgres://user:password@host:5432/database',
    parse: (text: string) => (/^postgres(ql)?:\/\//.test(text) && URL.canParse(text) ? text : undefined),
    defaultInWords: 'none: queries are in memory',
  },
  maxQueries: { ...COUNT, about: 'most queries held at a time', option: 'memory.maxQueries' },
  maxQueriesPerOwner: { ...COUNT, about: 'the same for one owner', option: 'memory.maxQueriesPerOwner' },
  maxBytes: { ...COUNT, about: 'most memory that queries may take, in bytes', option: 'memory.maxBytes' },
  maxBytesPerOwner: {
    ...COUNT,
    about: 'the same for one owner; in PostgreSQL, of packed results, 1 GiB by default',
    option: 'memory.maxBytesPerOwner',
  },
  maxRun: { ...TIME, about: 'longest time that a query without a cluster runs', option: 'memory.maxRunMs' },
  onMaxRun: {
    ...wordOf('stop', 'fail'),
    about: 'whether a query then ends with the rows that it has (stop), or fails (fail)',
    option: 'memory.onMaxRun',
  },
  idempotencyWindow: {
    ...TIME,
    about: 'how long the Idempotency-Key of a query that is not kept is known',
    option: 'memory.idempotencyWindowMs',
  },
  compression: {
    ...BOOLEAN,
    about: 'whether answers are compressed with gzip for clients that accept it',
    default: true,
  },
  corsAllowOrigin: {
    placeholder: 'LIST',
    expected: 'a list of origins such as https://app.example, a regular expression between slashes, or *',
    parse: parseOrigins,
    about: 'the origins whose pages may ask: a list, a /regular expression/ for a whole origin, or *',
    defaultInWords: 'none',
  },
  corsAllowCredentials: {
    ...BOOLEAN,
    about: 'whether browsers may send cookies and certificates of clients',
    default: false,
  },
  corsAllowHeaders: {
    ...LIST,
    about: 'the headers that pages may set',
    default: CORS_HEADERS,
    defaultInWords: 'those of Elasticsearch and its clients',
  },
  corsMaxAge: {
    ...TIME,
    about: 'how long browsers remember what is allowed',
    default: 20 * 86_400_000,
  },
  shutdownDelay: {
    ...TIME,
    parse: (text: string) => parseTime(text, { leastMs: 0 }),
    about: 'how long to go on as before after SIGTERM, while /readyz already answers 503',
    default: 0,
    defaultInWords: '0s',
  },
  shutdownGrace: { ...TIME, about: 'how long answers may take to finish after that', default: 10_000 },
  print: {
    ...wordOf('text', 'json'),
    about: 'how it says what it serves: for people (text), or as one line for programs (json)',
    defaultInWords: 'text on a terminal, json elsewhere',
  },
  logLevel: {
    ...wordOf(...LOG_LEVELS),
    placeholder: 'LEVEL',
    about: 'lowest level that is logged',
    default: 'info',
  },
  logFormat: {
    ...wordOf('pretty', 'json'),
    about: 'how the log is written: for people (pretty), or as lines for programs (json)',
    defaultInWords: 'pretty on a terminal, json elsewhere',
  },
  metrics: {
    ...wordOf('prometheus', 'otlp'),
    about: 'where measurements go: to a port of its own to scrape (prometheus), or to a collector (otlp)',
    defaultInWords: 'nowhere',
  },
} as const satisfies Record<string, Omit<Setting<unknown>, 'name'>>)

/** To check tokens, one of these is needed, and one is enough. */
export const KEY_SOURCES = [SETTINGS.jwtKey, SETTINGS.jwtKeyFile, SETTINGS.jwtJwks]

type Settings = typeof SETTINGS

type Parsed<S> = S extends { parse: (text: string) => infer T } ? Exclude<T, undefined> : never

/** The value of a setting, which is its default where none is given. */
export type ValueOf<S> = Parsed<S> | (S extends { default: unknown } ? never : undefined)

export type GivenOptions<P extends Part> = {
  [Name in keyof Settings as Settings[Name] extends { option: `${P}.${infer Option}` }
    ? Option
    : never]?: Parsed<Settings[Name]>
}

/** Names each setting after its key: `maxWaits` is `MAX_WAITS`. */
function named<Table extends Record<string, object>>(table: Table) {
  const rows = Object.entries(table).map(([key, setting]) => [
    key,
    { name: key.replace(/[A-Z]/g, '_$&').toUpperCase(), ...setting },
  ])
  return Object.fromEntries(rows) as { [Key in keyof Table]: Table[Key] & { name: string } }
}

export const ALL_SETTINGS: readonly Setting<unknown>[] = Object.values(SETTINGS)

/** Other programs know the variables of a cluster by their names, so those have no prefix. */
export function variableOf({ name }: Setting<unknown>): string {
  return name.startsWith('ELASTICSEARCH_') ? name : PREFIX + name
}

export function flagOf({ name }: Setting<unknown>): string {
  return name.toLowerCase().replaceAll('_', '-')
}

/** The names of the options of a part, each with a setting that it is made from. */
export function optionsOf(part: Part): [string, Setting<unknown>][] {
  return ALL_SETTINGS.flatMap((setting) =>
    [setting.option, setting.feeds].flatMap((path): [string, Setting<unknown>][] => {
      const [of, option = ''] = path?.split('.') ?? []
      return of === part ? [[option, setting]] : []
    }),
  )
}

export function settingsOf(part: Part): Setting<unknown>[] {
  return optionsOf(part).map(([, setting]) => setting)
}
