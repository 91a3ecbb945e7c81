import { stripVTControlCharacters } from 'node:util'
import { describeError } from '../core/describe-error'
import type { LineOf, LogLevel } from './line-logger'
import type { Style } from './style'

const STYLES = { debug: 'dim', info: 'good', warn: 'warning', error: 'bad' } as const satisfies Record<
  LogLevel,
  keyof Style
>

/** Words that need no quotes. */
const PLAIN = /^[\w.:/@%+,[\]*-]+$/

/** Writes an entry of the log for people: time, level, message, fields, and the stack of an error below. */
export function prettyLine(style: Style): LineOf {
  return (level, details, message) => {
    const { err, error = err, ...fields } = details as Readonly<Record<string, unknown>>
    const time = style.dim(new Date().toISOString().slice(11, -1))
    const words = Object.entries(fields).map(([name, value]) => `${style.dim(`${name}=`)}${wordOf(value)}`)
    const head = [time, style[STYLES[level]](level.toUpperCase().padEnd(5)), visible(message), ...words]
    return `${[head.join(' '), ...stackOf(error)].join('\n')}\n`
  }
}

function wordOf(value: unknown): string {
  const text = typeof value === 'string' ? value : typeof value === 'bigint' ? String(value) : jsonOf(value)
  return PLAIN.test(text) ? text : visible(typeof value === 'string' ? JSON.stringify(text) : text)
}

function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? String(part) : part)) ?? 'undefined'
}

/** Name and message of an error, where it comes from, and the same of its causes. */
function stackOf(error: unknown): string[] {
  if (error === undefined) return []
  const described = error instanceof Error ? describeError(error) : error
  if (typeof described !== 'object' || described === null) return [`    ${wordOf(described)}`]
  const { name = 'Error', message = '', stack, code, cause } = described as Readonly<Record<string, unknown>>
  const title = `${name}${code === undefined ? '' : ` (${code})`}: ${message}`
  const text = typeof stack === 'string' ? stack : title
  const lines = text.split('\n').map((line) => `    ${visible(line)}`)
  const [first = '', ...below] = stackOf(cause)
  return first === '' ? lines : [...lines, `    caused by ${first.trimStart()}`, ...below]
}

/** Others can send bytes that a terminal would obey. */
export function visible(text: string): string {
  return stripVTControlCharacters(text).replace(
    /\p{Cc}/gu,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
