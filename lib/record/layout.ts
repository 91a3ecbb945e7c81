import type { Value, ValueObject } from '../core/result'
import { isMultiValue, isValueObject } from '../core/result'
import { atOnce } from '../core/turns'
import { exactJson } from '../json/write'

/** Lists with an item a line. Everything else beside {@link OBJECTS} is a line of its own. */
const LISTS = ['columns', 'values', 'partial_values', 'warnings', 'responses', 'queries']

/** Objects with a field a line. */
const OBJECTS = ['response', 'responses', 'queries']

const STEP = '  '

/**
 * JSON whose differences are readable: a field a line, a column a line, a row a line. The same value gives the same text. `depth`:
 * of the object in its file.
 */
export function layout(object: ValueObject, depth = 0): string {
  const fields = Object.entries(object).flatMap(([name, value]) =>
    value === undefined ? [] : [`${JSON.stringify(name)}: ${fieldText(name, value, depth + 1)}`],
  )
  return `{${lines(fields, depth)}}`
}

/** A row, and every other value that has a line of its own. */
export function cellText(cell: Value): string {
  return atOnce(exactJson(written(cell)))
}

/** Fields or items, each on a line of its own, for brackets at a depth. */
export function lines(items: readonly string[], depth: number): string {
  if (items.length === 0) return ''
  const lineBreak = `\n${STEP.repeat(depth)}`
  return `${items.map((item) => lineBreak + STEP + item).join(',')}${lineBreak}`
}

function fieldText(name: string, value: Value, depth: number): string {
  const itemText = (item: Value, itemDepth: number): string =>
    OBJECTS.includes(name) && isValueObject(item) ? layout(item, itemDepth) : cellText(item)
  if (!LISTS.includes(name) || !isMultiValue(value)) return itemText(value, depth)
  const items = value.map((item) => itemText(item, depth + 1))
  return `[${lines(items, depth)}]`
}

/** JSON has no such numbers, and the columns that hold them take their texts. */
function written(cell: Value): Value {
  if (isMultiValue(cell)) return cell.map(written)
  if (typeof cell !== 'number' || (Number.isFinite(cell) && !Object.is(cell, -0))) return cell
  return Object.is(cell, -0) ? '-0.0' : String(cell)
}
