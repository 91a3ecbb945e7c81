import type { ResolveCaller } from '../core/caller'
import { refuseCallerMaker } from '../core/caller'
import type { CompletedOptions, OptionTable } from '../core/check-options'
import { checkOptions, rules } from '../core/check-options'
import type { Logger } from '../core/logger'
import { consoleLogger } from '../core/logger'
import type { MeterProvider } from '../core/meter'
import type { AsyncQueryStore } from '../core/store'

/** The options of {@link asyncQueryRouter}. */
export interface AsyncQueryRouterOptions {
  /** Where queries are kept. Shared by every request. The router never closes it. */
  store: AsyncQueryStore
  /** Identifies the caller of each request. There is no default, since an open router would be a data leak. */
  resolveCaller: ResolveCaller
  /**
   * What a GET without `wait_for_completion_timeout` does. `true`: it waits until the query completes, as
   * Elasticsearch documents it. `false`: it answers at once, as Elasticsearch's server does. Kibana relies on that.
   *
   * @default true
   */
  waitByDefault?: boolean
  /**
   * Longest time, in milliseconds, that a request waits for a query. Set it below the idle timeout of the load
   * balancer in front. A wait that is cut short answers 200 with `is_running: true`.
   *
   * @default Infinity
   */
  maxWaitMs?: number
  /**
   * Longest time, in milliseconds, that a synchronous query (`POST /_query`) may run. Then it is ended, and its client
   * gets a `task_cancelled_exception`, 400, which clients of Elasticsearch do not send again. `maxWaitMs` does not apply
   * to synchronous queries.
   *
   * @default Infinity
   */
  maxQueryMs?: number
  /**
   * How many requests may wait for queries at a time. The router refuses one more with 429, which clients of
   * Elasticsearch do not send again. It never refuses a request with `wait_for_completion_timeout=0`, and does not
   * count requests that the store has answered. A synchronous query counts as long as it runs.
   *
   * @default 50_000
   */
  maxWaits?: number
  /**
   * How many requests of one owner may wait at a time.
   *
   * @default half of `maxWaits`, so that no owner alone keeps all others from waiting
   */
  maxWaitsPerOwner?: number
  /**
   * How long a client may take nothing of an answer, in milliseconds. Then the router breaks the connection, because
   * such a client holds memory, and connections to the cluster. Progress of any size counts, but the operating system
   * may show it only in steps of a megabyte or two. `Infinity` never ends a client.
   *
   * @default 120_000
   */
  maxStallMs?: number
  /**
   * Longest keep-alive, in milliseconds. A client that asks for more gets this much; the answer's
   * `expiration_time_in_millis` shows it.
   *
   * @default Infinity
   */
  maxKeepAliveMs?: number
  /**
   * Largest request body, in bytes, before and after decompression. A larger one answers 413. Elasticsearch's own limit is
   * 100 MiB. Whatever its length, a body is read in short parts, and other requests go on in between.
   *
   * @default 16_777_216 (16 MiB)
   */
  maxBodyBytes?: number
  /**
   * Who judges a request to a store in front of another server, such as `ElasticsearchStore`. `false`: the gateway checks
   * what it needs for owners, waits and keep-alive, and hands on everything else, known or not; the server answers.
   * `true`: the gateway refuses what it does not know, as it does in front of every other store.
   *
   * @default false
   */
  strict?: boolean
  /**
   * How many bytes of finished answers the router keeps in memory, so that it writes a result of `MemoryStore` that
   * clients read again and again only twice. One body may take an eighth of this. `0` keeps none. Of other stores it keeps
   * answers only if the result has `isFrozen`, because it cannot know whether other results change, and none of batches.
   *
   * @default 33_554_432 (32 MiB)
   */
  maxCachedBytes?: number
  /**
   * Receives one entry per finished request, at the level `info`, `error` for a status of 500 and more, or `warn` for a
   * body that is refused because a package is missing. A pino logger fits. This package logs digests of owners and ids, and never tokens, names, query texts or ids. It logs
   * the errors that a store or an engine throws as they are.
   *
   * @default the console, which gets failures, and outside production (`NODE_ENV`) why callers are refused, each reason
   * once a minute
   */
  logger?: Logger
  /**
   * Receives measurements: a `MeterProvider` of OpenTelemetry.
   *
   * @default the global one of `@opentelemetry/api`, where that package is installed
   */
  meterProvider?: MeterProvider
}

/** The options with every default filled in. */
export type ResolvedOptions = CompletedOptions<AsyncQueryRouterOptions, typeof ROUTER_OPTIONS> & {
  readonly maxWaitsPerOwner: number
}

export const ROUTER_OPTIONS = {
  store: {
    expected: 'an AsyncQueryStore, an object with a `get` method and functions for what else it offers',
    fits: isStore,
    required: true,
  },
  resolveCaller: { ...rules.function, required: true },
  waitByDefault: { ...rules.boolean, default: true },
  maxWaitMs: { ...rules.nonNegativeNumber, default: Number.POSITIVE_INFINITY },
  maxQueryMs: { ...rules.positiveNumber, default: Number.POSITIVE_INFINITY },
  maxWaits: { ...rules.positiveNumber, default: 50_000 },
  maxWaitsPerOwner: { ...rules.positiveNumber, defaultInWords: 'half of `maxWaits`' },
  maxStallMs: { ...rules.positiveNumber, default: 120_000 },
  maxKeepAliveMs: { ...rules.positiveNumber, default: Number.POSITIVE_INFINITY },
  maxBodyBytes: { ...rules.positiveNumber, default: 2 ** 24 },
  strict: { ...rules.boolean, default: false },
  maxCachedBytes: { ...rules.nonNegativeNumber, default: 2 ** 25 },
  logger: {
    expected: 'a logger with `debug`, `info`, `warn` and `error` methods',
    fits: (value) => hasMethods(value, ['debug', 'info', 'warn', 'error']),
    default: consoleLogger,
    defaultInWords: 'the console',
  },
  meterProvider: rules.meterProvider,
} as const satisfies OptionTable<AsyncQueryRouterOptions>

/** Checks and completes the options, once, when the router is created. */
export function resolveOptions(options: AsyncQueryRouterOptions): ResolvedOptions {
  const completed = checkOptions('asyncQueryRouter', options, ROUTER_OPTIONS)
  refuseCallerMaker('asyncQueryRouter', completed.resolveCaller)
  const { maxWaits, maxWaitsPerOwner = Math.ceil(maxWaits / 2) } = completed
  return Object.freeze({ ...completed, maxWaitsPerOwner })
}

function isStore(value: unknown): boolean {
  if (!hasMethods(value, ['get'])) return false
  const store = value as AsyncQueryStore
  return (['submit', 'stop', 'delete', 'list', 'check', 'close'] as const).every(
    (name) => store[name] === undefined || typeof store[name] === 'function',
  )
}

function hasMethods(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function')
}
