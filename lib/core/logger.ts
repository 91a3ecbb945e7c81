/** Where the package reports to. A pino logger fits as it is. */
export interface Logger {
  debug(details: object, message: string): void
  info(details: object, message: string): void
  warn(details: object, message: string): void
  error(details: object, message: string): void
  /** Whether anybody reads what is told at a level. Without it, everything is told. */
  isLevelEnabled?(level: 'debug' | 'info' | 'warn' | 'error'): boolean
}

/** Faults of ours go to the console; the rest is for those who ask for it. */
export const consoleLogger: Logger = {
  debug() {},
  info() {},
  warn: (details, message) => console.warn(message, details),
  error: (details, message) => console.error(message, details),
  isLevelEnabled: (level) => level === 'warn' || level === 'error',
}
