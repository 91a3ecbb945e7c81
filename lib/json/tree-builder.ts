import type { Value } from '../core/result'

/** Room for all fields of a body of one mebibyte. An object of a million fields takes V8 too long, whatever is done with it. */
export const MAX_OBJECT_FIELDS = 2 ** 17

/**
 * How many objects and arrays a body may have: a sixteenth of what fits into 16 MiB. V8 stops the process for a second to
 * collect the garbage of more.
 */
export const MAX_CONTAINERS = 2 ** 20

/** How many items all arrays of a body may have. To make room for more takes too long. */
export const MAX_ITEMS = 2 ** 21

/** An array with more items is long. */
const LONGEST_COPY = 2 ** 16

/** The fields that hold rows, in an answer or in a catalogue of answers, and the fields that lead there. */
const ROWS: readonly string[] = ['values', 'partial_values']
const LEAD_TO_ROWS: readonly string[] = ['queries', 'response', 'responses']

/** An object or array that is being read. */
interface Open {
  /** `undefined` for an array. */
  object: Record<string, Value> | undefined
  /** The name of the field that is being read. */
  name: string
  /** How many fields an object has, or where the items of an array begin in the list of all. */
  count: number
  /** The items of a long array, which grows by itself: to copy millions of items takes too long. */
  items: Value[] | undefined
}

const NOTHING: Open = Object.freeze({ object: undefined, name: '', count: 0, items: undefined })

/** Puts values into the objects and arrays that are open. */
export class TreeBuilder {
  depth = 0
  /** What is open, from the outside in. Behind that stands what was, to be used again. */
  readonly #opened: Open[] = []
  #open = NOTHING
  /** The items of the arrays that are open, so that an array is made with just the room that it needs. */
  readonly #items: Value[] = []
  #itemCount = 0
  #containers = 0
  #allItems = 0

  get isInObject(): boolean {
    return this.#open.object !== undefined
  }

  /** Whether the object has all the fields that it may have. */
  get isFull(): boolean {
    return this.#open.count === MAX_OBJECT_FIELDS
  }

  /** Whether there are all the objects and arrays that there may be. */
  get isCrowded(): boolean {
    return this.#containers === MAX_CONTAINERS
  }

  /** Whether there are all the items that there may be. */
  get hasAllItems(): boolean {
    return this.#allItems === MAX_ITEMS
  }

  /** Whether a value that begins here is a cell of a row, or one of its values. */
  get isInCell(): boolean {
    const names = this.#opened.slice(0, this.depth).flatMap(({ object, name }) => (object ? [name] : []))
    const holder = this.#opened.findLastIndex(({ object }, index) => index < this.depth && object)
    return (
      this.depth - holder > 2 &&
      ROWS.includes(names.pop() ?? '') &&
      names.every((name) => LEAD_TO_ROWS.includes(name))
    )
  }

  /** How many items the innermost array has. */
  get itemCount(): number {
    const { items, count } = this.#open
    return items?.length ?? this.#itemCount - count
  }

  get name(): string {
    return this.#open.name
  }

  /** Begins a field of the innermost object. */
  set name(name: string) {
    this.#open.name = name
    this.#open.count += 1
  }

  hasField(name: string): boolean {
    const { object } = this.#open
    return object !== undefined && Object.hasOwn(object, name)
  }

  /** Goes into an object, or into an array if there is none. */
  enter(object: Record<string, Value> | undefined): void {
    let open = this.#opened[this.depth]
    if (!open) {
      open = { ...NOTHING }
      this.#opened[this.depth] = open
    }
    this.depth += 1
    this.#containers += 1
    open.object = object
    open.count = object ? 0 : this.#itemCount
    this.#open = open
  }

  /** Leaves the innermost object or array, which is complete, and returns it. */
  leave(): Value {
    const { object, count, items } = this.#open
    // An array that grows by itself has room for more items than it has.
    const value = object ?? items?.slice() ?? this.#items.slice(count, this.#itemCount)
    if (!object) this.#itemCount = count
    this.#open.items = undefined
    this.depth -= 1
    this.#open = this.#opened[this.depth - 1] ?? NOTHING
    return value
  }

  /** Adds a field or item to the innermost object or array. */
  put(value: Value): void {
    const { object, name, items } = this.#open
    if (object) {
      setOwn(object, name, value)
      return
    }
    this.#allItems += 1
    if (items) items.push(value)
    else this.#putItem(value)
  }

  #putItem(value: Value): void {
    const { count } = this.#open
    this.#items[this.#itemCount] = value
    this.#itemCount += 1
    if (this.#itemCount - count < LONGEST_COPY) return
    this.#open.items = this.#items.slice(count, this.#itemCount)
    this.#itemCount = count
  }
}

/** Sets a field of any name. An assignment to `__proto__` would set the prototype. */
function setOwn(object: Record<string, Value>, name: string, value: Value): void {
  if (name !== '__proto__') object[name] = value
  else Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
}
