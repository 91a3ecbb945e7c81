/** Characters of text, or bytes, that make a chunk. */
export const CHUNK_LENGTH = 16 * 1024

/** Cells between two places where other requests get their turn, where a pass writes nothing. */
export const CELLS_PER_TURN = 4096
