import type { Rows } from '../core/result'
import type { AsyncQuery } from '../core/store'

/** A piece of an answer. An empty one gives other requests their turn. */
export type Chunk = string | Uint8Array

/** What a writer gives: a chunk, or a batch of rows that it needs. `next` takes what the promise comes to. */
export type Piece = Chunk | Promise<Rows>

/** A writer, or a part of one, at work. */
export type Writing<Result = void> = Generator<Piece, Result, Rows>

/** Characters of text, or bytes, that make a chunk. */
export const CHUNK_LENGTH = 16 * 1024

/** Cells that a pass which writes nothing goes through before other requests get their turn. */
export const CELLS_PER_TURN = 4096

/** How this client wants the answer to look. */
export interface Presentation {
  /** Leaves out the columns in which every value is null. */
  dropNullColumns: boolean
  /** Indents JSON. */
  pretty: boolean
  /** Adds a readable text beside each time field. */
  human: boolean
  /** The parts of the document to write, as `filter_path` spells them. Left out: all. */
  filterPath?: string
  /** CSV: the delimiter between the cells of a line, as the client sent it. @default ',' */
  delimiter?: string
  /** Whether the first line names the columns. CSV alone can do without, and Markdown refuses to. */
  header: boolean
  /** Of a synchronous query, which has neither id nor state. @default false */
  isSync?: boolean
}

/**
 * Turns an answer into the chunks of one format. Knows neither HTTP nor stores.
 *
 * A chunk has some 16 KiB, or some 32 KiB where `JSON.stringify` writes it. A writer yields at least every few
 * thousand cells, and an empty chunk where a pass over the values writes nothing: other requests get their turn after
 * each chunk. Called, a writer throws its refusals, and reads no batch before its first piece is asked for.
 *
 * For rows in memory, all pieces are chunks.
 */
export type Writer = (query: AsyncQuery, presentation: Presentation) => Iterable<Piece>
