import type { QueryResult, RowBatches, Rows, StoredResult } from '../../lib/core/result'
import type { Piece } from '../../lib/formats/writer'

/** The rows of a result in batches, and how they are read. */
export class CountedBatches implements RowBatches {
  readonly rowCount: number
  readonly nullColumns?: readonly boolean[]
  readonly multiValuedColumns?: readonly boolean[]
  /** How often somebody has begun to read, how many read now, and how many batches they have got in all. */
  passes = 0
  readers = 0
  read = 0
  readonly #batches: readonly (Rows | (() => Rows | Promise<Rows>))[]

  /** A batch that is a function is a promise, made when it is read. */
  constructor(batches: readonly (Rows | (() => Rows | Promise<Rows>))[], known: Partial<RowBatches> = {}) {
    this.#batches = batches
    this.rowCount = batches.reduce((sum, batch) => sum + (typeof batch === 'function' ? 0 : batch.length), 0)
    Object.assign(this, known)
  }

  *batches(): Generator<Rows | Promise<Rows>> {
    this.passes += 1
    this.readers += 1
    try {
      for (const batch of this.#batches) {
        this.read += 1
        yield typeof batch === 'function' ? (async () => batch())() : batch
      }
    } finally {
      this.readers -= 1
    }
  }
}

/** The same result in promised batches of this many rows, with an empty one, and one that is in memory. */
export function inBatches(result: QueryResult, size: number, known: Partial<RowBatches> = {}) {
  const { values } = result
  const batches: (Rows | (() => Rows))[] = [[]]
  for (let begin = 0; begin < values.length; begin += size) {
    const batch = values.slice(begin, begin + size)
    batches.push(begin === size ? batch : () => batch)
  }
  const counted = new CountedBatches(batches, { rowCount: values.length, ...known })
  return { ...result, values: counted } satisfies StoredResult
}

/** All that a writer writes, with the batches that it asks for. */
export async function writtenBy(pieces: Iterable<Piece>): Promise<Buffer> {
  const writing = pieces[Symbol.iterator]()
  const parts: Buffer[] = []
  for (let next = writing.next(); !next.done; ) {
    const piece: Piece = next.value
    if (!(piece instanceof Promise)) parts.push(Buffer.from(piece as Uint8Array))
    next = writing.next(piece instanceof Promise ? await piece : undefined)
  }
  return Buffer.concat(parts)
}
