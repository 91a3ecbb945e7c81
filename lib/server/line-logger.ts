import type { Writable } from 'node:stream'
import { describeError } from '../core/describe-error'
import type { Logger } from '../index'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number]

/** How much of the log may wait for a reader, in bytes. */
const MAX_PENDING_BYTES = 1_048_576

/** Makes the line of an entry, with its line break. */
export type LineOf = (level: LogLevel, details: object, message: string) => string

/** Writes entries of `level` and above, as lines of JSON unless `lineOf` makes others. */
export function lineLogger(
  level: LogLevel,
  write: (line: string) => unknown,
  lineOf: LineOf = jsonLine,
): Logger {
  const lowest = LOG_LEVELS.indexOf(level)
  const isLevelEnabled = (at: LogLevel) => LOG_LEVELS.indexOf(at) >= lowest
  const logAt = (at: LogLevel) => (details: object, message: string) => {
    if (isLevelEnabled(at)) write(lineOf(at, details, message))
  }
  return {
    debug: logAt('debug'),
    info: logAt('info'),
    warn: logAt('warn'),
    error: logAt('error'),
    isLevelEnabled,
  }
}

/**
 * Writes lines to a stream that may fail (full disk) or have no reader. Drops lines that cannot be written, and says how
 * many as soon as it can.
 */
export function lineWriter(stream: Writable, lineOf: LineOf = jsonLine): (line: string) => void {
  let lost = 0
  const send = (line: string): void => {
    const lines = lost
    // A full disk may have taken a part of a line.
    const note = lines > 0 ? `\n${lineOf('warn', { lines }, 'lines of the log could not be written')}` : ''
    lost = 0
    stream.write(note + line, (error) => {
      if (error) lost += line === '' ? lines : lines + 1
    })
  }
  // The callback of a line learns of the error too.
  stream.on('error', () => {})
  stream.on('drain', () => {
    if (lost > 0) send('')
  })
  return (line) => {
    if (stream.writableLength > (lost > 0 ? 0 : MAX_PENDING_BYTES)) lost++
    else send(line)
  }
}

export function jsonLine(level: LogLevel, details: object, message: string): string {
  const record = { time: new Date().toISOString(), level, message, ...details }
  return `${JSON.stringify(record, plainErrors)}\n`
}

function plainErrors(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  return value instanceof Error ? describeError(value) : value
}
