import type { RowBatches, Rows } from '../../core/result'
import { unpackChunk } from '../batches/chunk'
import type { Found } from '../batches/row-encoder'

/** Rows that take a fraction of their memory, in chunks. Each reader has one chunk at a time in full. */
export class KeptRows implements RowBatches {
  readonly rowCount: number
  readonly nullColumns: readonly boolean[]
  readonly multiValuedColumns: readonly boolean[]
  readonly #chunks: readonly Uint8Array[]

  constructor({ rowCount, nullColumns, multiValuedColumns }: Found, chunks: readonly Uint8Array[]) {
    this.rowCount = rowCount
    this.nullColumns = nullColumns
    this.multiValuedColumns = multiValuedColumns
    this.#chunks = chunks
    Object.freeze(this)
  }

  *batches(): Generator<Promise<Rows>> {
    for (const chunk of this.#chunks) yield unpackChunk(chunk)
  }
}
