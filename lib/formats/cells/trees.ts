import { isDate, isMap, isSet, isTypedArray } from 'node:util/types'
import { isJsonText } from '../../core/json-text'
import type { Value, ValueObject } from '../../core/result'
import { checkedJson, valueIn } from '../../json/parse'
import { dateText } from './dates'

/** Jackson reads no deeper document. The limit also ends circles. */
const MAX_DEPTH = 1_000

/** Gives a value that is no object its form. `name`: the member that holds it. */
export type Leaf = (value: unknown, name: string) => Value

/**
 * The form of a value of any depth that every format writes: a `Map` becomes an object, a typed array and a `Set` an
 * array, and an object that has a `toJSON` what that returns. JSON keeps its spelling where a `leaf` does not look into it. Returns what is
 * in this form as it is.
 *
 * Throws a `TypeError` for what no document can hold.
 */
export function normalTree(value: unknown, leaf: Leaf = plainLeaf, name = '', depth = 0): Value {
  if (typeof value !== 'object' || value === null) return leaf(value, name)
  if (depth > MAX_DEPTH) throw new TypeError(`it is more than ${MAX_DEPTH} levels deep`)
  const inner = (item: unknown, key = name): Value => normalTree(item, leaf, key, depth + 1)
  if (Array.isArray(value)) return mapChanged(value, (item) => inner(item))
  if (isDate(value)) return validDate(value)
  if (isJsonText(value)) {
    const checked = checkedJson(value)
    return leaf === plainLeaf ? checked : inner(valueIn(checked))
  }
  const list = listOf(value)
  if (list) return inner(list)
  if (isMap(value)) return inner(Object.fromEntries([...value].map(([key, item]) => [keyText(key), item])))
  if ('toJSON' in value && typeof value.toJSON === 'function') return inner(value.toJSON(name))
  const kind = Object.prototype.toString.call(value)
  if (kind !== '[object Object]') throw new TypeError(`it holds an ${kind.slice(1, -1)}`)
  return normalObject(value as ValueObject, inner)
}

function normalObject(object: ValueObject, inner: (item: unknown, key: string) => Value): ValueObject {
  let isChanged = false
  const entries: [string, Value][] = []
  for (const [key, member] of Object.entries(object)) {
    if (member === undefined) continue
    const entry: [string, Value] = [wellFormed(key), inner(member, key)]
    isChanged ||= entry[0] !== key || !Object.is(entry[1], member)
    entries.push(entry)
  }
  return isChanged ? Object.fromEntries(entries) : object
}

/** The elements of a typed array or a `Set`. */
export function listOf(value: object): Value[] | undefined {
  return isTypedArray(value) || isSet(value) ? Array.from(value as Iterable<Value>) : undefined
}

/** Surrogates that are not in pairs become U+FFFD: UTF-8 has none. */
export function wellFormed(text: string): string {
  return text.isWellFormed() ? text : text.toWellFormed()
}

/** Like `map`, but returns the array itself when no item changes. */
export function mapChanged<T>(items: readonly T[], map: (item: T, index: number) => T): readonly T[] {
  let copy: T[] | undefined
  for (let index = 0; index < items.length; index += 1) {
    const item = items[index] as T
    const mapped = map(item, index)
    if (!copy && !Object.is(mapped, item)) copy = [...items]
    if (copy) copy[index] = mapped
  }
  return copy ?? items
}

function plainLeaf(value: unknown): Value {
  switch (typeof value) {
    case 'string':
      return wellFormed(value)
    case 'number':
    case 'boolean':
    case 'bigint':
      return value
    case 'undefined':
    case 'object':
      return null
    default:
      throw new TypeError(`it holds a ${typeof value}`)
  }
}

function validDate(date: Date): string {
  if (Number.isNaN(date.getTime())) throw new TypeError('it holds an invalid date')
  return dateText(date, 'UTC')
}

function keyText(key: unknown): string {
  if (typeof key === 'string' || typeof key === 'number') return String(key)
  throw new TypeError(`it holds a Map with a ${typeof key} as a key`)
}
