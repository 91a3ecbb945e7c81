import type { Column } from '../../core/result'

/** Columns of a result that are checked and frozen, and what they take in memory, in bytes. */
export interface KnownColumns {
  readonly columns: readonly Column[]
  readonly bytes: number
}

/** Lists that are remembered. */
const MOST_LISTS = 8

/** Columns of a list that is remembered, and characters of a name: lists outlive their results. */
const MOST_COLUMNS = 100
const LONGEST_NAME = 100

/**
 * The columns of the last results. Queries are asked again and again, and results with the same columns share them: that saves
 * time and memory. They hold names and types, and nothing of a row.
 */
export class SharedColumns {
  /** The last ones first. */
  readonly #lists: KnownColumns[] = []

  /** `given`: the columns as an engine gives them, which may be anything. */
  find(given: unknown): KnownColumns | undefined {
    const index = this.#lists.findIndex(({ columns }) => isSame(columns, given))
    const known = this.#lists[index]
    if (known && index > 0) this.#moveToFront(known, index)
    return known
  }

  /** Remembers the columns that were made of those given, where it can find them again. */
  add(known: KnownColumns, given: unknown): void {
    const { columns } = known
    const isShort = columns.length <= MOST_COLUMNS && columns.every(({ name }) => name.length <= LONGEST_NAME)
    if (isShort && isSame(columns, given)) this.#moveToFront(known, MOST_LISTS - 1)
  }

  #moveToFront(known: KnownColumns, from: number): void {
    this.#lists.splice(from, 1)
    this.#lists.unshift(known)
  }
}

/** Whether a given list has these names and types, and nothing else. */
function isSame(columns: readonly Column[], given: unknown): boolean {
  if (!Array.isArray(given) || given.length !== columns.length) return false
  // Lists of one index begin with the same columns.
  return columns.findLastIndex(({ name, type }, index) => !isColumn(given[index], name, type)) < 0
}

function isColumn(given: Column | null | undefined, name: string, type: string): boolean {
  return given?.name === name && given.type === type && hasOnlyNameAndType(given)
}

function hasOnlyNameAndType({ originalTypes, suggestedCast, meta }: Column): boolean {
  return originalTypes === undefined && suggestedCast === undefined && meta === undefined
}
