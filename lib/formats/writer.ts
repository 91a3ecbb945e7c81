import type { AsyncQuery } from '../core/store'

/** A piece of an answer. An empty one gives other requests their turn. */
export type Chunk = string | Uint8Array

/** Characters of text, or bytes, that make a chunk. */
export const CHUNK_LENGTH = 16 * 1024

/** Cells between two places where other requests get their turn, where a pass writes nothing. */
export const CELLS_PER_TURN = 4096

/** How this client wants the answer to look. */
export interface Presentation {
  /** Leaves out the columns in which every value is null. */
  dropNullColumns: boolean
  /** Indents JSON. */
  pretty: boolean
  /** Adds readable twins to the time fields. */
  human: boolean
  /** The parts of the document to write, as `filter_path` spells them. Left out: all. */
  filterPath?: string
  /** CSV: between the cells of a line, as sent. @default ',' */
  delimiter?: string
  /** CSV: whether the first line names the columns. */
  header: boolean
}

/**
 * Turns an answer into the chunks of one format. Knows neither HTTP nor stores.
 *
 * A chunk has some 16 KiB, or some 32 KiB where `JSON.stringify` writes it, and a writer yields at least every few
 * thousand cells, an empty chunk where a pass over the values writes nothing: each chunk is a place where other
 * requests get their turn. A refusal (`illegal_argument_exception`) is thrown before the first chunk.
 */
export type Writer = (query: AsyncQuery, presentation: Presentation) => Iterable<Chunk>
