/** Receives the log of the package. A pino logger fits as it is. */
export interface Logger {
  debug(details: object, message: string): void
  info(details: object, message: string): void
  warn(details: object, message: string): void
  error(details: object, message: string): void
  /** Whether anybody reads entries of a level. Without it, the package logs everything. */
  isLevelEnabled?(level: 'debug' | 'info' | 'warn' | 'error'): boolean
}

/** The same log, but one that fails is no reason to fail. */
export function unfailing(logger: Logger): Logger {
  const log =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (details: object, message: string): void => {
      try {
        logger[level](details, message)
      } catch {
        // The missing line shows it.
      }
    }
  return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') }
}

/** Writes failures to the console, and nothing else. */
export const consoleLogger: Logger = {
  debug() {},
  info() {},
  warn: (details, message) => printOnConsole('warn', message, details),
  error: (details, message) => printOnConsole('error', message, details),
  isLevelEnabled: (level) => level === 'warn' || level === 'error',
}

/**
 * Prints on stderr. Nobody has to read it: without a listener for errors, Node.js ends the host's process once the
 * reader is gone.
 */
export function printOnConsole(level: 'warn' | 'error', message: string, ...details: object[]): void {
  if (process.stderr.listenerCount('error') === 0) process.stderr.on('error', () => {})
  console[level](message, ...details)
}
