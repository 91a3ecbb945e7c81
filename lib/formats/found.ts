import type { RowBatches, Value } from '../core/result'
import { isMultiValue } from '../core/result'
import { cellValue, isMany } from './cells/cell'

/** What readers of batches have to know about all rows. */
export type Found = Required<Omit<RowBatches, 'batches'>>

/** Notes about row after row what readers of them have to know. */
export class RowNotes {
  readonly #isNull: boolean[]
  readonly #isMultiValued: boolean[]
  #rowCount = 0

  constructor(columnCount: number) {
    this.#isNull = new Array<boolean>(columnCount).fill(true)
    this.#isMultiValued = new Array<boolean>(columnCount).fill(false)
  }

  get rowCount(): number {
    return this.#rowCount
  }

  get found(): Found {
    return {
      rowCount: this.#rowCount,
      nullColumns: Object.freeze([...this.#isNull]),
      multiValuedColumns: Object.freeze([...this.#isMultiValued]),
    }
  }

  /** Takes a row that has been checked. */
  note(row: readonly Value[]): void {
    this.#rowCount += 1
    for (let index = 0; index < row.length; index += 1) {
      const cell = row[index]
      const value = isMultiValue(cell) ? cellValue(cell) : cell
      if (value === null || value === undefined) continue
      this.#isNull[index] = false
      if (isMultiValue(value) && isMany(value)) this.#isMultiValued[index] = true
    }
  }
}
