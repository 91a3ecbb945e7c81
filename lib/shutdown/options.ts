import type { OptionTable } from '../core/check-options'
import { checkOptions, rules } from '../core/check-options'
import type { Logger } from '../core/logger'
import { consoleLogger, unfailing } from '../core/logger'

/** The options of {@link gracefulShutdown}. */
export interface GracefulShutdownOptions {
  /** The signals that end the process. With `[]`, the host calls `end` itself. @default SIGTERM, SIGINT and SIGHUP */
  signals?: readonly NodeJS.Signals[]
  /**
   * How long to go on as before, in milliseconds, while `begun` is `true` already: as long as a load balancer takes to
   * notice that the process is not ready.
   *
   * @default 0
   */
  delayMs?: number
  /** How long answers may take to finish after that, in milliseconds. Then their connections are cut off. @default 10_000 */
  graceMs?: number
  /**
   * How long the store may take to close, in milliseconds. The default is longer than `closeGraceMs` of
   * {@link PostgresStore}. After that, the process ends with 1.
   *
   * @default 15_000
   */
  closeTimeoutMs?: number
  /** Receives an entry for each signal, and a failure of the store. @default the console, failures only */
  logger?: Logger
}

export const GRACEFUL_SHUTDOWN_OPTIONS = {
  signals: {
    expected: 'a list of names of signals',
    fits: (value) => Array.isArray(value) && value.every((name) => /^SIG[A-Z\d]+$/.test(String(name))),
    default: ['SIGTERM', 'SIGINT', 'SIGHUP'],
    defaultInWords: 'SIGTERM, SIGINT and SIGHUP',
  },
  delayMs: { ...rules.nonNegativeNumber, default: 0 },
  graceMs: { ...rules.nonNegativeNumber, default: 10_000 },
  closeTimeoutMs: { ...rules.positiveNumber, default: 15_000 },
  logger: { ...rules.object, default: consoleLogger, defaultInWords: 'the console, failures only' },
} as const satisfies OptionTable<GracefulShutdownOptions>

export function resolveGracefulShutdownOptions(options: GracefulShutdownOptions) {
  const completed = checkOptions('gracefulShutdown', options, GRACEFUL_SHUTDOWN_OPTIONS)
  return { ...completed, logger: unfailing(completed.logger) }
}

export type ResolvedShutdownOptions = ReturnType<typeof resolveGracefulShutdownOptions>
