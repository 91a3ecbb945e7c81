import { describeError } from '../core/describe-error'
import type { Logger } from '../index'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number]

const toStderr = (line: string): unknown => process.stderr.write(line)

/** Writes entries of `level` and above as lines of JSON. */
export function jsonLogger(level: LogLevel, write = toStderr): Logger {
  const lowest = LOG_LEVELS.indexOf(level)
  const isLevelEnabled = (at: LogLevel) => LOG_LEVELS.indexOf(at) >= lowest
  const logAt = (at: LogLevel) => (details: object, message: string) => {
    if (!isLevelEnabled(at)) return
    const record = { time: new Date().toISOString(), level: at, message, ...details }
    write(`${JSON.stringify(record, plainErrors)}\n`)
  }
  return {
    debug: logAt('debug'),
    info: logAt('info'),
    warn: logAt('warn'),
    error: logAt('error'),
    isLevelEnabled,
  }
}

function plainErrors(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  return value instanceof Error ? describeError(value) : value
}
