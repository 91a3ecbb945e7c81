import type { Column, Rows } from '../../core/result'
import { nextTurn } from '../../core/turns'
import type { RowAdmission } from '../../formats/admission'
import { rowAdmission, rowsOf } from '../../formats/admission'
import type { Found } from '../../formats/found'
import { RowNotes } from '../../formats/found'
import { CHUNK_LENGTH, packChunk } from './chunk'
import { exactJson, rowsOfExactJson } from './exact-json'

/** How long rows are encoded before other requests get their turn, in milliseconds. */
const TURN_MS = 2

/** Checks rows as they come, and makes chunks of them. Keeps no row, so an engine may use its arrays again. */
export class RowEncoder {
  readonly #admitRow: RowAdmission
  readonly #put: (chunk: Uint8Array) => void | Promise<void>
  readonly #notes: RowNotes
  /** The rows since the last chunk, and an open bracket. */
  #json = ''
  #turnEnds = 0

  /** `put` keeps a chunk. The next one comes when it has. If it throws, so does what has made the chunk. */
  constructor(columns: readonly Column[], put: (chunk: Uint8Array) => void | Promise<void>) {
    this.#admitRow = rowAdmission(columns)
    this.#put = put
    this.#notes = new RowNotes(columns.length)
  }

  /** Characters of rows that are in no chunk yet. */
  get pending(): number {
    return this.#json.length
  }

  get found(): Found {
    return this.#notes.found
  }

  /** Takes a batch in turns of the event loop. Rejects with a `TypeError` if a cell does not fit. */
  async add(batch: unknown): Promise<void> {
    for (const row of rowsOf(batch)) {
      const admitted = this.#admitRow(row, this.#notes.rowCount)
      this.#notes.note(admitted)
      this.#json += (this.#json === '' ? '[' : ',') + exactJson(admitted)
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
}
