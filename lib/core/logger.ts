/** Receives the log of the package. A pino logger fits as it is. */
export interface Logger {
  debug(details: object, message: string): void
  info(details: object, message: string): void
  warn(details: object, message: string): void
  error(details: object, message: string): void
  /** Whether anybody reads entries of a level. Without it, the package logs everything. */
  isLevelEnabled?(level: 'debug' | 'info' | 'warn' | 'error'): boolean
}

/** Writes failures to the console, and nothing else. */
export const consoleLogger: Logger = {
  debug() {},
  info() {},
  warn: (details, message) => console.warn(message, details),
  error: (details, message) => console.error(message, details),
  isLevelEnabled: (level) => level === 'warn' || level === 'error',
}
