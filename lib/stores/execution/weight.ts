import type { JsonText } from '../../core/json-text'
import { isJsonText } from '../../core/json-text'
import type { Value, ValueObject } from '../../core/result'
import { isMultiValue, isValueObject } from '../../core/result'
import type { Work } from '../../core/turns'
import { atOnce, Pace } from '../../core/turns'
import { SHORT_TEXT } from './own-text'

/** Characters that take two bytes each, and so do all others of their text. */
const WIDE = /[^\0-\xff]/

/** What V8 makes of an object: fields within it, then in a list beside it, then in a hash table. */
const FIELDS_WITHIN = 4
/** The most fields in a list, of an object that was made field by field, and of one that was made at once. */
const FIELDS_ONE_BY_ONE = 16
export const FIELDS_AT_ONCE = 1_020
/** Objects share the list of their names. Each that has a name of its own has a list of its own. */
const LIST_OF_NAMES = 160
/** Such names are common, and each text is there once. */
const FEW_NAMES = 16

/** An object with one field. */
const OBJECT_OF_TEXT = 32

/** Sums up how many bytes V8 uses for values in 64 bits, without what refers to them. Copies nothing. */
export class Weight {
  bytes = 0
  #names: Set<string> | undefined
  readonly #fieldsInList: number

  constructor(fieldsInList = FIELDS_ONE_BY_ONE) {
    this.#fieldsInList = fieldsInList
  }

  /** Throws a `TypeError` for what no value can be. */
  add(value: Value): void {
    switch (typeof value) {
      case 'string':
        this.addText(value)
        break
      case 'number':
        // A small integer stands where an address would.
        if (value !== (value | 0)) this.bytes += 16
        break
      case 'bigint':
        this.bytes += value === BigInt.asIntN(64, value) ? 24 : 24 + aligned(value.toString(16).length / 2)
        break
      case 'boolean':
        break
      case 'object':
        if (value !== null) this.#addContainer(value)
        break
      default:
        throw new TypeError(`A cell cannot be a value of type ${typeof value}`)
    }
  }

  addText(text: string): void {
    const { length } = text
    // There is one empty text, and one for each character of one byte.
    if (length <= 1 && text <= '\xff') return
    // A short piece of a wide text is wide, whatever its characters.
    const isWide = length <= SHORT_TEXT || WIDE.test(text)
    this.bytes += aligned(16 + (isWide ? 2 * length : length))
  }

  /** An array without its items. */
  addArray(length: number): void {
    this.bytes += length === 0 ? 32 : 48 + 8 * length
  }

  /** An object of few fields whose names are counted already, without their values. */
  addFieldsWithin(): void {
    this.bytes += 24 + 8 * FIELDS_WITHIN
  }

  /** An object without the values of its fields. */
  addObject(names: readonly string[]): void {
    const count = names.length
    this.addFieldsWithin()
    if (count > this.#fieldsInList) {
      this.bytes += 56 + 24 * 2 ** Math.ceil(Math.log2(1.5 * count))
      for (const name of names) this.addText(name)
      return
    }
    if (count > FIELDS_WITHIN) this.bytes += 16 + 24 * Math.ceil((count - FIELDS_WITHIN) / 3)
    this.#names ??= new Set()
    for (const name of names) if (!this.#names.has(name)) this.#addName(name, this.#names)
  }

  #addName(name: string, names: Set<string>): void {
    names.add(name)
    if (names.size <= FEW_NAMES) return
    this.bytes += LIST_OF_NAMES
    this.addText(name)
  }

  #addContainer(value: Date | readonly Value[] | ValueObject | JsonText): void {
    if (isMultiValue(value)) {
      this.addArray(value.length)
      for (let index = 0; index < value.length; index += 1) this.add(value[index] ?? null)
    } else if (isValueObject(value)) {
      // Not `Object.entries`, which makes an array for each field.
      const names = Object.keys(value)
      for (const name of names) this.add(value[name] ?? null)
      this.addObject(names)
    } else if (isJsonText(value)) {
      this.bytes += OBJECT_OF_TEXT
      this.addText(value.text)
    } else {
      this.addText(value.toISOString())
    }
  }
}

/** Estimates how many bytes V8 uses for a value. */
export function weigh(value: unknown): number {
  return atOnce(weighInTurns(value))
}

/** How many values are weighed between two pauses. */
const VALUES_PER_TURN = 2 ** 14
/** To look at so many characters takes as long as to weigh a value. */
const LENGTH_OF_VALUE = 16

/** An array or object, and which of its values is the next. */
interface Opened {
  values: readonly Value[] | ValueObject
  /** Only of an object. */
  names: readonly string[] | undefined
  next: number
}

/** As {@link weigh}, with pauses. Keeps what is open in a list and not in the stack of calls, so that it can pause anywhere. */
export function* weighInTurns(value: unknown): Work<number> {
  const weight = new Weight()
  const pace = new Pace(VALUES_PER_TURN)
  const opened: Opened[] = []
  let inner = value as Value | undefined
  for (;;) {
    if (isMultiValue(inner)) {
      weight.addArray(inner.length)
      if (inner.length > 0) opened.push({ values: inner, names: undefined, next: 0 })
    } else if (isValueObject(inner)) {
      const names = Object.keys(inner)
      weight.addObject(names)
      if (names.length > 0) opened.push({ values: inner, names, next: 0 })
    } else weight.add(inner ?? null)
    if (pace.isPauseDue(typeof inner === 'string' ? 1 + inner.length / LENGTH_OF_VALUE : 1)) yield
    const open = opened.at(-1)
    if (!open) return weight.bytes
    inner = nextValue(open)
    if (open.next === (open.names ?? (open.values as readonly Value[])).length) opened.pop()
  }
}

function nextValue(open: Opened): Value | undefined {
  const { values, names, next } = open
  open.next += 1
  return isMultiValue(values) ? values[next] : values[names?.[next] ?? '']
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 8) * 8
}
