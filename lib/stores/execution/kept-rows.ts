import type { RowBatches, Rows } from '../../core/result'
import { unpackChunk } from '../batches/chunk'
import type { Found } from '../batches/row-encoder'

/** Rows that take a fraction of their memory, in chunks, or none. Each reader has one chunk at a time in full. */
export class KeptRows implements RowBatches {
  readonly rowCount: number
  readonly nullColumns: readonly boolean[]
  readonly multiValuedColumns: readonly boolean[]
  /** A promise stands for a chunk that is not in memory. */
  readonly chunks: Iterable<Uint8Array | Promise<Uint8Array>>

  constructor(found: Found, chunks: Iterable<Uint8Array | Promise<Uint8Array>>) {
    const { rowCount, nullColumns, multiValuedColumns } = found
    this.rowCount = rowCount
    this.nullColumns = nullColumns
    this.multiValuedColumns = multiValuedColumns
    this.chunks = chunks
    Object.freeze(this)
  }

  *batches(): Generator<Promise<Rows>> {
    for (const chunk of this.chunks) yield unpack(chunk)
  }
}

async function unpack(chunk: Uint8Array | Promise<Uint8Array>): Promise<Rows> {
  return unpackChunk(await chunk)
}
