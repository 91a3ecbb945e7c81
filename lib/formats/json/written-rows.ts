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
 * Rows in memory as JSON has them in an answer, which is what most clients ask for. Many rows take less than half of their
 * memory like that. Other formats read them back, as rows of their own.
 */
export class WrittenRows implements RowBatches {
  readonly rowCount: number
  readonly nullColumns: readonly boolean[]
  readonly multiValuedColumns: readonly boolean[]
  /** Rows with commas between them. */
  readonly chunks: readonly Chunk[]

  /** The rows that have been written as this JSON, with commas between them. */
  static of(found: Found, json: string): WrittenRows {
    return new WrittenRows(found, [chunkOf(json)])
  }

  constructor({ rowCount, nullColumns, multiValuedColumns }: Found, chunks: readonly Chunk[]) {
    this.rowCount = rowCount
    this.nullColumns = nullColumns
    this.multiValuedColumns = multiValuedColumns
    this.chunks = Object.freeze(chunks)
    Object.freeze(this)
  }

  /** What the rows take in memory. */
  get bytes(): number {
    const columns = COLUMN_OVERHEAD * this.nullColumns.length
    return this.chunks.reduce((sum, chunk) => sum + weightOf(chunk), LIST_OVERHEAD + columns)
  }

  /** The JSON of some rows after another, with commas between them: texts of about this length or that of a chunk, whichever is more. */
  *texts(length: number): Generator<string> {
    let text = ''
    for (const chunk of this.chunks) {
      text += (text && ',') + textOf(chunk)
      if (text.length < length) continue
      yield text
      text = ''
    }
    if (text !== '') yield text
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

/** Short ones as text, and others as bytes. */
function chunkOf(json: string): Chunk {
  if (json.length > SHORT_TEXT) {
    // Not from the pool of Node.js, whose buffers stay as long as any part of them.
    const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(json))
    bytes.write(json)
    return bytes
  }
  // A text that is made of pieces keeps what they were cut from.
  return Buffer.from(json).toString()
}

function weightOf(chunk: Chunk): number {
  const isWide = typeof chunk === 'string' && Buffer.byteLength(chunk) > chunk.length
  return CHUNK_OVERHEAD + (isWide ? 2 : 1) * chunk.length
}

/** Writes rows that have been checked. Keeps no row. */
export class RowsWriter {
  /** What the chunks take in memory. */
  bytes = 0
  readonly #columns: readonly TableColumn[]
  readonly #notes: RowNotes
  readonly #chunks: Chunk[] = []
  #batch = new JsonBatch()

  constructor(columns: readonly Column[]) {
    this.#columns = columns.map(({ type }, index) => ({ index, rule: cellRule(type, TIME_ZONE) }))
    this.#notes = new RowNotes(columns.length)
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
    const chunk = chunkOf(json)
    this.#chunks.push(chunk)
    this.bytes += weightOf(chunk)
    return true
  }

  rows(): WrittenRows {
    return new WrittenRows(this.#notes.found, this.#chunks)
  }
}
