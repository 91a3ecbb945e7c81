import type { RecordBatchStreamWriter, Schema } from 'apache-arrow'
import type { Value } from '../../core/result'
import type { ArrowColumn } from './arrow-columns'
import type { ArrowModule } from './arrow-vectors'

/** Limits of a record batch, which is in memory as a whole. */
const MAX_ROWS = 4096
const MAX_BYTES = 64 * 1024

/** Collects rows and turns them into the bytes of record batches of bounded size. */
export class ArrowBatches {
  readonly #arrow: ArrowModule
  readonly #columns: readonly ArrowColumn[]
  readonly #schema: Schema
  readonly #writer: RecordBatchStreamWriter
  /** What the writer wrote since the last take. */
  readonly #parts: Uint8Array[] = []
  #rows = 0
  #bytes = 0

  constructor(arrow: ArrowModule, columns: readonly ArrowColumn[]) {
    this.#arrow = arrow
    this.#columns = columns
    this.#schema = new arrow.Schema(columns.map(({ field }) => field))
    this.#writer = new arrow.RecordBatchStreamWriter()
    this.#writer.reset(createSink(arrow, this.#parts), this.#schema)
  }

  get isFull(): boolean {
    return this.#rows >= MAX_ROWS || this.#bytes >= MAX_BYTES
  }

  append(row: readonly Value[]): void {
    let index = 0
    for (const { toArrow, vector } of this.#columns) this.#bytes += vector.append(toArrow(row[index++]))
    this.#rows += 1
  }

  /** The rows so far as a record batch. The first one comes after the schema. */
  flush(): Uint8Array {
    const { Struct, RecordBatch, makeData } = this.#arrow
    const children = this.#columns.map(({ vector }) => vector.take())
    const type = new Struct(this.#schema.fields)
    const data = makeData({ type, length: this.#rows, nullCount: 0, children })
    this.#writer.write(new RecordBatch(this.#schema, data))
    this.#rows = this.#bytes = 0
    return this.#take()
  }

  /** The last rows, if there are any, and the end of the stream. */
  end(): Uint8Array {
    const rows = this.#rows > 0 ? [this.flush()] : []
    this.#writer.close()
    return Buffer.concat([...rows, this.#take()])
  }

  #take(): Uint8Array {
    return Buffer.concat(this.#parts.splice(0))
  }
}

/** The library's own queue can only be read asynchronously. */
function createSink(arrow: ArrowModule, parts: Uint8Array[]): InstanceType<ArrowModule['AsyncByteQueue']> {
  class Sink extends arrow.AsyncByteQueue {
    override write(part: Uint8Array): void {
      parts.push(part)
    }
  }
  return new Sink()
}
