import type { OptionTable } from '../core/check-options'
import { checkOptions, rules } from '../core/check-options'
import { isObject } from '../core/is-object'
import type { AsyncQueryRouterOptions } from '../router/options'
import type { MemoryStoreOptions } from '../stores/memory/options'
import type { RecordOptions } from './record-options'
import { resolveRecordOptions } from './record-options'

/** The limits of a double: options of `asyncQueryRouter` and `MemoryStore`, with their defaults. */
export type DoubleLimits = Pick<
  AsyncQueryRouterOptions,
  'maxWaitMs' | 'maxQueryMs' | 'maxWaits' | 'maxWaitsPerOwner' | 'maxKeepAliveMs' | 'maxBodyBytes'
> &
  Pick<
    MemoryStoreOptions,
    'maxQueries' | 'maxQueriesPerOwner' | 'maxBytes' | 'maxBytesPerOwner' | 'maxRunMs' | 'onMaxRun'
  >

/** The options of {@link startDouble}. */
export interface DoubleOptions {
  /**
   * The path of a catalogue file: queries that the double knows beside the scripts, which count more. A fault in it is an `Error`
   * that names the place.
   *
   * @default no file
   */
  catalogue?: string
  /**
   * How answers of a cluster get into the catalogue: `{ mode: process.env.ESQL_RECORD, url, apiKey, redact }`.
   *
   * @default nothing is recorded
   */
  record?: RecordOptions
  /**
   * Whether queries of the catalogue take the time that it says for them. `'none'`: they end at once.
   *
   * @default 'none'
   */
  delays?: 'none' | 'recorded'
  /**
   * `'manual'`: the clock stands still until {@link Double.advance}. `'real'`: the time of the machine, whatever fake timers
   * a test has.
   *
   * @default 'real'
   */
  clock?: 'real' | 'manual'
  /**
   * Who may ask: owners by their `Authorization` header, as in `{ 'Bearer token-1': 'alice' }`. Several headers may have one
   * owner. Every other header gets a 401. `'any'`: everybody, and users, keys and subjects of tokens are owners of their own.
   *
   * @default 'any'
   */
  users?: Readonly<Record<string, string>> | 'any'
  /** Whether requests without `Authorization` are let in, as of one owner. Otherwise they get the 401 of Elasticsearch. @default false */
  anonymous?: boolean
  /**
   * The release that the double says it is. `'8.19'`: answers do not tell when a query began and expires, and there is no list
   * of running queries.
   *
   * @default '9.5'
   */
  release?: '9.5' | '8.19'
  /** The port. `0` is one that is free. @default 0 */
  port?: number
  /**
   * What a GET without `wait_for_completion_timeout` does. `false`: it answers at once, as the server of Elasticsearch does.
   * `true`: it waits, as Elasticsearch documents it.
   *
   * @default false
   */
  waitByDefault?: boolean
  /** Limits, to see what a client does at one. @default those of the router and of `MemoryStore` */
  limits?: DoubleLimits
  /**
   * Lets a double start although `NODE_ENV` is `production`. It takes any credentials, so it refuses that by default.
   *
   * @default false
   */
  inProduction?: boolean
}

/** The names of {@link DoubleLimits}, by who has them. */
const ROUTER_LIMITS = [
  'maxWaitMs',
  'maxQueryMs',
  'maxWaits',
  'maxWaitsPerOwner',
  'maxKeepAliveMs',
  'maxBodyBytes',
] as const
const STORE_LIMITS = [
  'maxQueries',
  'maxQueriesPerOwner',
  'maxBytes',
  'maxBytesPerOwner',
  'maxRunMs',
  'onMaxRun',
] as const

export const DOUBLE_OPTIONS = {
  catalogue: {
    expected: 'the path of a catalogue file',
    fits: (value: unknown) => typeof value === 'string' && value !== '',
    defaultInWords: 'no file',
  },
  record: { ...rules.object, printable: false, defaultInWords: 'nothing is recorded' },
  delays: oneOf('none', 'recorded'),
  clock: oneOf('real', 'manual'),
  users: {
    expected:
      "'any', or an object of owners by their Authorization header, such as { 'Bearer token-1': 'alice' }",
    fits: (value: unknown) => value === 'any' || (isObject(value) && Object.entries(value).every(isUser)),
    printable: false,
    default: 'any',
  },
  anonymous: { ...rules.boolean, default: false },
  release: oneOf('9.5', '8.19'),
  port: { ...rules.port, default: 0 },
  waitByDefault: { ...rules.boolean, default: false },
  limits: {
    expected: `an object with some of ${[...ROUTER_LIMITS, ...STORE_LIMITS].join(', ')}`,
    fits: (value: unknown) =>
      isObject(value) &&
      Object.keys(value).every((name) => [...ROUTER_LIMITS, ...STORE_LIMITS].some((known) => known === name)),
    default: {},
    defaultInWords: 'those of the router and of `MemoryStore`',
  },
  inProduction: { ...rules.boolean, default: false },
} as const satisfies OptionTable<DoubleOptions>

/** Checks and completes the options. Throws a `TypeError` for a wrong one, and an `Error` in production. */
export function resolveDoubleOptions(options: DoubleOptions, { mayBeInCi = false } = {}) {
  const completed = checkOptions('startDouble', options, DOUBLE_OPTIONS)
  if (process.env.NODE_ENV === 'production' && !completed.inProduction) {
    throw new Error(
      'startDouble refuses to start with NODE_ENV=production, because a double takes any credentials; ' +
        'if you want that, say so: { inProduction: true }',
    )
  }
  return { ...completed, record: resolveRecordOptions(completed.record, completed.catalogue, { mayBeInCi }) }
}

export function routerLimits(limits: DoubleLimits): Pick<DoubleLimits, (typeof ROUTER_LIMITS)[number]> {
  return picked(limits, ROUTER_LIMITS)
}

export function storeLimits(limits: DoubleLimits): Pick<DoubleLimits, (typeof STORE_LIMITS)[number]> {
  return picked(limits, STORE_LIMITS)
}

function picked<Name extends keyof DoubleLimits>(
  limits: DoubleLimits,
  names: readonly Name[],
): Pick<DoubleLimits, Name> {
  const given = Object.entries(limits).filter(([name]) => names.some((known) => known === name))
  return Object.fromEntries(given) as Pick<DoubleLimits, Name>
}

function oneOf<Value extends string>(first: Value, ...others: Value[]) {
  const values = [first, ...others]
  return {
    expected: values.map((value) => `'${value}'`).join(' or '),
    fits: (value: unknown) => values.some((known) => known === value),
    default: first,
  }
}

function isUser([header, owner]: [string, unknown]): boolean {
  return /^\S+ +\S/.test(header) && typeof owner === 'string' && owner !== ''
}
