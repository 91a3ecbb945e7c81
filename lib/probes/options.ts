import type { ResolveCaller } from '../core/caller'
import type { OptionTable } from '../core/check-options'
import { checkOptions, rules } from '../core/check-options'
import type { Clock } from '../core/clock'
import { systemClock } from '../core/clock'
import { unavailable } from '../core/errors'
import { isObject } from '../core/is-object'
import type { Logger } from '../core/logger'
import { consoleLogger } from '../core/logger'
import type { AsyncQueryStore } from '../core/store'

/**
 * Throws or rejects while something is not ready. The answer shows the reason of a {@link QueryError}, and of nothing else
 * that is thrown.
 */
export type ReadyCheck = (signal: AbortSignal) => void | Promise<void>

/** The options of {@link readyHandler}. */
export interface ReadyHandlerOptions {
  /** The router. Not ready while it drains. @default not checked */
  router?: { readonly draining: boolean }
  /** The store. Not ready while its `check` rejects. @default not checked */
  store?: AsyncQueryStore
  /** What finds callers. Not ready while its `check` rejects: `jwtCaller` has no keys. @default not checked */
  resolveCaller?: ResolveCaller
  /**
   * Further checks, by their names in the answer. One named `drain`, `store` or `keys` replaces ours. A check that returns a
   * promise runs at most once at a time, unless it goes on after its signal, and its outcome counts for `maxAgeMs`. Every
   * other one runs for each request.
   *
   * @default none
   */
  checks?: Readonly<Record<string, ReadyCheck>>
  /** How long a check may take, in milliseconds. Then its signal fires, and the answer is that it is not ready. @default 2_000 */
  timeoutMs?: number
  /** How long the outcome of a check counts, in milliseconds, so that probes load nothing. @default 1_000 */
  maxAgeMs?: number
  /** Receives an entry when a check begins to fail, with the error, and when it ends failing. @default the console */
  logger?: Logger
  /** Time. Replace it in tests. @default the time of the machine */
  clock?: Clock
}

const notChecked = { defaultInWords: 'not checked' }

export const READY_HANDLER_OPTIONS = {
  router: {
    expected: 'what asyncQueryRouter returns',
    fits: (value) => typeof (value as { draining?: unknown } | null)?.draining === 'boolean',
    ...notChecked,
  },
  store: { ...rules.object, ...notChecked },
  resolveCaller: { ...rules.function, ...notChecked },
  checks: {
    expected: 'an object of functions',
    fits: (value) => isObject(value) && Object.values(value).every((check) => typeof check === 'function'),
    defaultInWords: 'none',
  },
  timeoutMs: { ...rules.positiveNumber, default: 2_000 },
  maxAgeMs: { ...rules.nonNegativeNumber, default: 1_000 },
  logger: { ...rules.object, default: consoleLogger, defaultInWords: 'the console' },
  clock: { ...rules.object, default: systemClock, defaultInWords: 'the time of the machine' },
} as const satisfies OptionTable<ReadyHandlerOptions>

/** Checks the options, and makes one list of all checks. */
export function resolveReadyHandlerOptions(options: ReadyHandlerOptions) {
  const { router, store, resolveCaller, checks, ...rest } = checkOptions(
    'readyHandler',
    options,
    READY_HANDLER_OPTIONS,
  )
  const context = { logger: rest.logger }
  const all: Readonly<Record<string, ReadyCheck>> = {
    ...(router && { drain: () => refuseDraining(router) }),
    ...(resolveCaller?.check && { keys: async (signal) => resolveCaller.check?.(signal, context) }),
    ...(store?.check && { store: async (signal) => store.check?.(signal) }),
    ...checks,
  }
  return { ...rest, checks: all }
}

function refuseDraining({ draining }: { readonly draining: boolean }): void {
  if (draining) throw unavailable('shutting down')
}
