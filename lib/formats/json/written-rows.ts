import type { Column, RowBatches, Rows, Value } from '../../core/result'
import { cellRule } from '../columns'
import type { TableColumn } from '../document/values'
import type { Found } from '../found'
import { RowNotes } from '../found'
import type { Chunk } from '../writer'
import { JsonBatch } from './json-batch'

/** Characters of rows that make a chunk. */
const CHUNK_LENGTH = 64 * 1024

/** Up to here a text takes less memory and time than a buffer. */
const SHORT_TEXT = 4 * 1024

/** What V8 and Node.js need for a chunk beside its bytes, for the list of all chunks, and for what is known of a column. */
const CHUNK_OVERHEAD = 200
const LIST_OVERHEAD = 200
const COLUMN_OVERHEAD = 16

/** Dates are written in this zone. */
const TIME_ZONE = 'UTC'

/**
 * Rows in memory as JSON has them in an answer, which is what most clients ask for. They take a fraction of the memory of rows, and
 * nobody can change them. Other formats read them back.
 */
export class WrittenRows implements RowBatches {
  readonly rowCount: number
  readonly nullColumns: readonly boolean[]
  readonly multiValuedColumns: readonly boolean[]
  /** Rows with commas between them. */
  readonly chunks: readonly Chunk[]

  constructor({ rowCount, nullColumns, multiValuedColumns }: Found, chunks: readonly Chunk[]) {
    this.rowCount = rowCount
    this.nullColumns = nullColumns
    this.multiValuedColumns = multiValuedColumns
    this.chunks = Object.freeze(chunks)
    Object.freeze(this)
  }

  /** Whether an answer with so many of the columns, and dates in this zone, has the rows as they are written. */
  isWrittenFor(columnCount: number, timeZone: string): boolean {
    return columnCount === this.nullColumns.length && timeZone === TIME_ZONE
  }

  /** Each call gives rows of their own. */
  *batches(): Generator<Rows> {
    for (const chunk of this.chunks) yield JSON.parse(`[${textOf(chunk)}]`)
  }
}

function textOf(chunk: Chunk): string {
  return typeof chunk === 'string'
    ? chunk
    : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString()
}

/** Writes rows that have been checked. Keeps no row. */
export class RowsWriter {
  /** What the rows take in memory. */
  bytes: number
  readonly #columns: readonly TableColumn[]
  readonly #notes: RowNotes
  readonly #chunks: Chunk[] = []
  #batch = new JsonBatch()

  constructor(columns: readonly Column[]) {
    this.#columns = columns.map(({ type }, index) => ({ index, rule: cellRule(type, TIME_ZONE) }))
    this.#notes = new RowNotes(columns.length)
    this.bytes = LIST_OVERHEAD + COLUMN_OVERHEAD * columns.length
  }

  get rowCount(): number {
    return this.#notes.rowCount
  }

  /** Whether the rows since the last chunk make one. */
  get isChunkDue(): boolean {
    return this.#batch.length >= CHUNK_LENGTH
  }

  add(row: readonly Value[]): void {
    this.#notes.note(row)
    this.#batch.addRow(this.#columns, row)
  }

  /** Makes a chunk. Returns whether the rows can be read back from it as they were: there are values that JSON has not. */
  endChunk(): boolean {
    if (this.#batch.length === 0) return true
    const json = this.#batch.json()
    if (json === undefined || !this.#batch.isExact) return false
    this.#batch = new JsonBatch()
    const bytes = bytesOf(json)
    // The text is made of pieces, each of which keeps what it was cut from.
    this.#chunks.push(json.length > SHORT_TEXT ? bytes : bytes.toString())
    const isWide = json.length <= SHORT_TEXT && json.length < bytes.length
    this.bytes += CHUNK_OVERHEAD + (isWide ? 2 * json.length : bytes.length)
    return true
  }

  rows(): WrittenRows {
    return new WrittenRows(this.#notes.found, this.#chunks)
  }
}

/** Long ones are not from the pool of Node.js, whose buffers stay as long as any part of them. */
function bytesOf(json: string): Buffer {
  if (json.length <= SHORT_TEXT) return Buffer.from(json)
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(json))
  bytes.write(json)
  return bytes
}
