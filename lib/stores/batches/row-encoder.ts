import type { Column, RowBatches, Rows, Value } from '../../core/result'
import { isMultiValue } from '../../core/result'
import { nextTurn } from '../../core/turns'
import type { RowAdmission } from '../../formats/admission'
import { rowAdmission, rowsOf } from '../../formats/admission'
import { cellValue, isMany } from '../../formats/cells/cell'
import { CHUNK_LENGTH, packChunk } from './chunk'
import { exactJson, rowsOfExactJson } from './exact-json'

/** How long rows are encoded before other requests get their turn, in milliseconds. */
const TURN_MS = 2

/** What a reader of the chunks has to know. */
export type Found = Required<Omit<RowBatches, 'batches'>>

/** Checks rows as they come, and makes chunks of them. Keeps no row, so an engine may use its arrays again. */
export class RowEncoder {
  readonly #admitRow: RowAdmission
  readonly #put: (chunk: Uint8Array) => void | Promise<void>
  readonly #isNull: boolean[]
  readonly #isMultiValued: boolean[]
  #rowCount = 0
  /** The rows since the last chunk, and an open bracket. */
  #json = ''
  #turnEnds = 0

  /** `put` keeps a chunk. The next one comes when it has. If it throws, so does what has made the chunk. */
  constructor(columns: readonly Column[], put: (chunk: Uint8Array) => void | Promise<void>) {
    this.#admitRow = rowAdmission(columns)
    this.#put = put
    this.#isNull = columns.map(() => true)
    this.#isMultiValued = columns.map(() => false)
  }

  /** Characters of rows that are in no chunk yet. */
  get pending(): number {
    return this.#json.length
  }

  get found(): Found {
    return {
      rowCount: this.#rowCount,
      nullColumns: Object.freeze([...this.#isNull]),
      multiValuedColumns: Object.freeze([...this.#isMultiValued]),
    }
  }

  /** Takes a batch in turns of the event loop. Rejects with a `TypeError` if a cell does not fit. */
  async add(batch: unknown): Promise<void> {
    for (const row of rowsOf(batch)) {
      const admitted = this.#admitRow(row, this.#rowCount)
      this.#note(admitted)
      this.#json += (this.#json === '' ? '[' : ',') + exactJson(admitted)
      this.#rowCount += 1
      if (this.#json.length >= CHUNK_LENGTH) await this.flush()
      if (performance.now() >= this.#turnEnds) await this.#pause()
    }
    // An engine may give any number of batches without rows.
    if (performance.now() >= this.#turnEnds) await this.#pause()
  }

  /** Makes a chunk of the rows that are in none. */
  async flush(): Promise<void> {
    const json = this.#take()
    if (json !== '') await this.#put(await packChunk(json))
  }

  /** Gives the rows that are in no chunk instead. */
  takeRows(): Rows {
    return rowsOfExactJson(this.#take() || '[]')
  }

  async #pause(): Promise<void> {
    await nextTurn()
    this.#turnEnds = performance.now() + TURN_MS
  }

  #take(): string {
    const json = this.#json
    this.#json = ''
    return json && `${json}]`
  }

  #note(row: readonly Value[]): void {
    for (let index = 0; index < row.length; index += 1) {
      const cell = row[index]
      const value = isMultiValue(cell) ? cellValue(cell) : cell
      if (value === null || value === undefined) continue
      this.#isNull[index] = false
      if (isMultiValue(value) && isMany(value)) this.#isMultiValued[index] = true
    }
  }
}
