import type { RowBatches, Rows } from '../../core/result'
import type { Found } from '../../formats/found'
import { unpackChunk } from '../batches/chunk'

/** A chunk that is not in memory. */
export interface StoredChunk {
  readonly length: number
  read(): Promise<Uint8Array>
}

export type KeptChunk = Uint8Array | StoredChunk

/** Rows that take a fraction of their memory, in chunks, or none. Each reader has one chunk at a time in full. */
export class KeptRows implements RowBatches {
  readonly rowCount: number
  readonly nullColumns: readonly boolean[]
  readonly multiValuedColumns: readonly boolean[]
  readonly chunks: readonly KeptChunk[]

  constructor({ rowCount, nullColumns, multiValuedColumns }: Found, chunks: readonly KeptChunk[]) {
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

async function unpack(chunk: KeptChunk): Promise<Rows> {
  return unpackChunk(chunk instanceof Uint8Array ? chunk : await chunk.read())
}
