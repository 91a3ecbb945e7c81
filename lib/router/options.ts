import type { ResolveCaller } from '../core/caller'
import { checkOptions, rules } from '../core/check-options'
import type { Logger } from '../core/logger'
import { consoleLogger } from '../core/logger'
import type { MeterProvider } from '../core/meter'
import type { AsyncQueryStore } from '../core/store'

export interface AsyncQueryRouterOptions {
  /** Where queries are kept. Shared by every request. The router never closes it. */
  store: AsyncQueryStore
  /** Identifies the caller of each request. There is no default: an open router has to be asked for. */
  resolveCaller: ResolveCaller
  /**
   * What a GET without `wait_for_completion_timeout` does. `true`: it waits until the query completes, as
   * Elasticsearch documents it. `false`: it answers at once, as Elasticsearch's server does; Kibana relies on it.
   *
   * @default true
   */
  waitByDefault?: boolean
  /**
   * Longest time, in milliseconds, that any request waits for a query. Set it below the idle timeout of the load
   * balancer in front. A wait that is cut short answers 200 with `is_running: true`.
   *
   * @default Infinity
   */
  maxWaitMs?: number
  /**
   * How many requests may wait for queries at a time. One more is refused with 429, which clients of Elasticsearch
   * do not send again. Requests with `wait_for_completion_timeout=0` are never refused, and those that the store has
   * answered are not counted.
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
   * Longest keep-alive, in milliseconds. A client that asks for more gets this much; the answer's
   * `expiration_time_in_millis` tells.
   *
   * @default Infinity
   */
  maxKeepAliveMs?: number
  /** Largest request body, in bytes, after decompression. A larger one answers 413. @default 1_048_576 (1 MiB) */
  maxBodyBytes?: number
  /**
   * Bytes of finished answers that are kept in memory, so that a result of `MemoryStore` that is read again and
   * again is written twice and no more. A body may take an eighth of this. `0` keeps none. Of other stores none are
   * kept: it cannot be told whether their results change.
   *
   * @default 33_554_432 (32 MiB)
   */
  maxCachedBytes?: number
  /**
   * Where each request is told of when it is over, at the level `info`, or `error` where it failed with a status of
   * 500 and more. A pino logger fits. This package tells no token, name, query text or id, but digests of owners and
   * ids; the errors that a store or an engine throws are told as they are.
   *
   * @default faults go to the console
   */
  logger?: Logger
  /**
   * Where measurements go: a `MeterProvider` of OpenTelemetry.
   *
   * @default the global one of `@opentelemetry/api`, where that package is installed
   */
  meterProvider?: MeterProvider
}

/** The options with every default filled in. */
export type ResolvedOptions = Readonly<
  Required<Omit<AsyncQueryRouterOptions, 'meterProvider'>> & Pick<AsyncQueryRouterOptions, 'meterProvider'>
>

const OPTIONS = {
  store: {
    expected: 'an AsyncQueryStore, an object with a `get` method and functions for what else it offers',
    fits: isStore,
    required: true,
  },
  resolveCaller: { ...rules.function, required: true },
  waitByDefault: rules.boolean,
  maxWaitMs: rules.nonNegativeNumber,
  maxWaits: rules.positiveNumber,
  maxWaitsPerOwner: rules.positiveNumber,
  maxKeepAliveMs: rules.positiveNumber,
  maxBodyBytes: rules.positiveNumber,
  maxCachedBytes: rules.nonNegativeNumber,
  logger: {
    expected: 'a logger with `debug`, `info`, `warn` and `error` methods',
    fits: (value: unknown) => hasMethods(value, ['debug', 'info', 'warn', 'error']),
  },
  meterProvider: rules.meterProvider,
}

/** Checks and completes the options, once, when the router is created. */
export function resolveOptions(options: AsyncQueryRouterOptions): ResolvedOptions {
  checkOptions('asyncQueryRouter', options, OPTIONS)
  const maxWaits = options.maxWaits ?? 50_000
  return Object.freeze({
    store: options.store,
    resolveCaller: options.resolveCaller,
    waitByDefault: options.waitByDefault ?? true,
    maxWaitMs: options.maxWaitMs ?? Number.POSITIVE_INFINITY,
    maxWaits,
    maxWaitsPerOwner: options.maxWaitsPerOwner ?? Math.ceil(maxWaits / 2),
    maxKeepAliveMs: options.maxKeepAliveMs ?? Number.POSITIVE_INFINITY,
    maxBodyBytes: options.maxBodyBytes ?? 2 ** 20,
    maxCachedBytes: options.maxCachedBytes ?? 2 ** 25,
    logger: options.logger ?? consoleLogger,
    ...(options.meterProvider && { meterProvider: options.meterProvider }),
  })
}

function isStore(value: unknown): boolean {
  if (!hasMethods(value, ['get'])) return false
  const store = value as AsyncQueryStore
  return (['submit', 'stop', 'delete', 'close'] as const).every(
    (name) => store[name] === undefined || typeof store[name] === 'function',
  )
}

function hasMethods(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function')
}
