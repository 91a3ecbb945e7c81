import { isJsonText } from '../core/json-text'
import type { Work } from '../core/turns'
import { malformedJson, nestedTooDeep } from './faults'
import { UNKNOWN_LOCATION } from './lines'
import { LENGTH_PER_TURN } from './tokens'

/** Elasticsearch's limit on nesting. */
export const MAX_DEPTH = 1_000

/** Like `JSON.stringify`, but writes a bigint as the integer that it is, and a `JsonText` as its text. Throws for a value that is nested too deep. */
export function* exactJson(value: unknown): Work<string> {
  const output = { text: '', pauseAt: LENGTH_PER_TURN }
  yield* write(value, output, 0)
  return output.text
}

interface Output {
  text: string
  pauseAt: number
}

function* write(value: unknown, output: Output, depth: number): Work<void> {
  if (output.text.length >= output.pauseAt) {
    output.pauseAt = output.text.length + LENGTH_PER_TURN
    yield
  }
  if (typeof value === 'bigint') output.text += String(value)
  else if (typeof value !== 'object' || value === null || value instanceof Date) {
    output.text += JSON.stringify(value) ?? 'null'
  } else if (isJsonText(value)) output.text += value.text
  else if (depth >= MAX_DEPTH) throw malformedJson(UNKNOWN_LOCATION, nestedTooDeep(MAX_DEPTH))
  else if (Array.isArray(value)) yield* writeArray(value, output, depth)
  else yield* writeObject(value, output, depth)
}

function* writeArray(items: readonly unknown[], output: Output, depth: number): Work<void> {
  let separator = ''
  output.text += '['
  for (const item of items) {
    output.text += separator
    separator = ','
    yield* write(item, output, depth + 1)
  }
  output.text += ']'
}

function* writeObject(object: object, output: Output, depth: number): Work<void> {
  let separator = ''
  output.text += '{'
  for (const [name, value] of Object.entries(object)) {
    if (value === undefined) continue
    output.text += `${separator}${JSON.stringify(name)}:`
    separator = ','
    yield* write(value, output, depth + 1)
  }
  output.text += '}'
}
