import type { Logger } from '../index'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Writes what is at least of `level` as lines of JSON. */
export function jsonLogger(level: LogLevel, write: (line: string) => void): Logger {
  const lowest = LOG_LEVELS.indexOf(level)
  const logAt = (at: LogLevel) => (details: object, message: string) => {
    if (LOG_LEVELS.indexOf(at) < lowest) return
    const record = { time: new Date().toISOString(), level: at, message, ...details }
    write(`${JSON.stringify(record, plainErrors)}\n`)
  }
  return { debug: logAt('debug'), info: logAt('info'), warn: logAt('warn'), error: logAt('error') }
}

function plainErrors(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  return value instanceof Error ? describeError(value) : value
}

/** A chain of causes can be a ring. */
const MOST_CAUSES = 5

/**
 * The parts of an error that say what went wrong. Not its other properties: those of HTTP clients hold the headers
 * that were sent, tokens included.
 */
function describeError(error: unknown, causes = 0): unknown {
  if (!(error instanceof Error)) return String(error)
  return {
    name: error.name,
    ...('code' in error && { code: String(error.code) }),
    message: error.message,
    stack: error.stack,
    ...(error.cause !== undefined &&
      causes < MOST_CAUSES && { cause: describeError(error.cause, causes + 1) }),
  }
}
