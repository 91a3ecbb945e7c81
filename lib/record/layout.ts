import type { Value, ValueObject } from '../core/result'
import { isMultiValue, isValueObject } from '../core/result'
import { atOnce } from '../core/turns'
import { exactJson } from '../json/write'

/** Lists with an item a line. Everything else beside {@link OBJECTS} is a line of its own. */
const LISTS = ['columns', 'values', 'partial_values', 'warnings', 'responses', 'queries']

/** Objects with a field a line. */
const OBJECTS = ['response', 'responses', 'queries']

const STEP = '  '

/** JSON whose differences are readable: a field a line, a column a line, a row a line. The same value gives the same text. */
export function layout(object: ValueObject): string {
  const fields = Object.entries(object).flatMap(([name, value]) =>
    value === undefined ? [] : [`${JSON.stringify(name)}: ${fieldText(name, value)}`],
  )
  return `{${lines(fields)}}`
}

/** A row, and every other value that has a line of its own. */
export function cellText(cell: Value): string {
  return atOnce(exactJson(written(cell)))
}

/** Fields or items, each on lines of its own. */
export function lines(items: readonly string[]): string {
  return items.length === 0 ? '' : `${items.map((item) => `\n${STEP}${indented(item)}`).join(',')}\n`
}

/** JSON has no line breaks within a text. */
export function indented(text: string): string {
  return text.replaceAll('\n', `\n${STEP}`)
}

function fieldText(name: string, value: Value): string {
  const itemText = (item: Value): string =>
    OBJECTS.includes(name) && isValueObject(item) ? layout(item) : cellText(item)
  if (LISTS.includes(name) && isMultiValue(value)) return `[${lines(value.map(itemText))}]`
  return itemText(value)
}

/** JSON has no such numbers, and the columns that hold them take their texts. */
function written(cell: Value): Value {
  if (isMultiValue(cell)) return cell.map(written)
  if (typeof cell !== 'number' || (Number.isFinite(cell) && !Object.is(cell, -0))) return cell
  return Object.is(cell, -0) ? '-0.0' : String(cell)
}
