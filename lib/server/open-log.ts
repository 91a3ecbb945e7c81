import type { Logger } from '../index'
import type { LogLevel } from './line-logger'
import { jsonLine, lineLogger, lineWriter } from './line-logger'
import { prettyLine } from './pretty-line'
import { styleFor } from './style'

/** The log of this process, on its standard error. `format`: left out, it is pretty on a terminal, and JSON elsewhere. */
export function openLog(level: LogLevel, format?: 'json' | 'pretty'): Logger {
  const { stderr } = process
  const isPretty = (format ?? (stderr.isTTY ? 'pretty' : 'json')) === 'pretty'
  const lineOf = isPretty ? prettyLine(styleFor(stderr)) : jsonLine
  return lineLogger(level, lineWriter(stderr, lineOf), lineOf)
}
