import { checkedText, isJsonText } from '../../core/json-text'
import type { Rows, Value } from '../../core/result'
import { isMultiValue, isValueObject } from '../../core/result'
import { mapChanged } from '../../formats/cells/trees'

/** Stands before the text of a number that JSON has not, before JSON in its spelling, and before a text that begins with it. */
const MARK = '\u0001'
const ESCAPED_MARK = '\\u0001'
/** Follows the mark of JSON in its spelling. */
const SPELLING = '='

const NUMBERS: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['-0', -0],
])

/** The JSON of a row that has been checked. {@link rowsOfExactJson} makes the same row of it, to the last digit. */
export function exactJson(row: readonly Value[]): string {
  return JSON.stringify(mapChanged(row, marked))
}

/** The rows of an array of such JSON. Nobody else has them. */
export function rowsOfExactJson(json: string): Rows {
  const rows: Rows = JSON.parse(json)
  return json.includes(ESCAPED_MARK) ? (unmarked(rows) as Rows) : rows
}

function marked(value: Value): Value {
  switch (typeof value) {
    case 'string':
      return value.startsWith(MARK) ? MARK + value : value
    case 'bigint':
      return MARK + value
    case 'number':
      if (Object.is(value, -0)) return `${MARK}-0`
      return Number.isFinite(value) ? value : MARK + value
    default:
      return isJsonText(value) ? MARK + SPELLING + value.text : within(value, marked)
  }
}

function unmarked(value: Value): Value {
  if (typeof value !== 'string') return within(value, unmarked)
  if (!value.startsWith(MARK)) return value
  const text = value.slice(MARK.length)
  if (text.startsWith(SPELLING)) return checkedText(text.slice(SPELLING.length))
  return text.startsWith(MARK) ? text : (NUMBERS.get(text) ?? BigInt(text))
}

/** The same array or object with other values. */
function within(value: Value, change: (value: Value) => Value): Value {
  if (isMultiValue(value)) return mapChanged(value, change)
  if (!isValueObject(value)) return value
  const entries = Object.entries(value)
  return Object.fromEntries(
    entries.map(([name, member]) => [name, member === undefined ? member : change(member)]),
  )
}
