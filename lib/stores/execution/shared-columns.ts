import type { Column } from '../../core/result'

/** Columns of a result that are checked and frozen, and what they take in memory, in bytes. */
export interface KnownColumns {
  readonly columns: readonly Column[]
  readonly bytes: number
}

/** Lists that are remembered. To compare with one that differs mostly ends with its first column. */
const MOST_LISTS = 8

/** Columns of a list that is remembered, and characters of a name: lists outlive their results. */
const MOST_COLUMNS = 100
const LONGEST_NAME = 100

/**
 * The columns of the results that came last. Queries are asked again and again, and results with the same columns share them:
 * that saves time and memory.
 */
export class SharedColumns {
  #lists: readonly KnownColumns[] = []

  /** `columns`: as an engine gives them, which may be anything. */
  find(columns: unknown): KnownColumns | undefined {
    return Array.isArray(columns) ? this.#lists.find((known) => isSame(known.columns, columns)) : undefined
  }

  add(known: KnownColumns): void {
    const { columns } = known
    if (columns.length > MOST_COLUMNS || !columns.every(isPlain)) return
    this.#lists = [known, ...this.#lists.slice(0, MOST_LISTS - 1)]
  }
}

function isPlain(column: Column): boolean {
  return column.name.length <= LONGEST_NAME && hasOnlyNameAndType(column)
}

function isSame(known: readonly Column[], columns: readonly (Column | null | undefined)[]): boolean {
  return (
    known.length === columns.length &&
    known.every(({ name, type }, index) => {
      const column = columns[index]
      return column?.name === name && column.type === type && hasOnlyNameAndType(column)
    })
  )
}

function hasOnlyNameAndType({ originalTypes, suggestedCast, meta }: Column): boolean {
  return originalTypes === undefined && suggestedCast === undefined && meta === undefined
}
