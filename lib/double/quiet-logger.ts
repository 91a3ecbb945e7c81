import type { Logger } from '../core/logger'
import { consoleLogger } from '../core/logger'

/** Prints faults of the double itself. What a test lets happen, failures included, is no news. */
export function quietLogger(): Logger {
  return {
    debug() {},
    info() {},
    warn: consoleLogger.warn,
    error(details, message) {
      if ('err' in details) consoleLogger.error(details, message)
    },
    isLevelEnabled: (level) => level === 'warn' || level === 'error',
  }
}
