/** What every process of the soak has to agree on. */

/** Client processes, and owners in each. */
export const CLIENTS = 3
export const OWNERS = 12

/** Keep-alives that clients ask for, in milliseconds. After the longest, all of them are over. */
export const SHORTEST_KEEP_ALIVE_MS = 2_000
export const LONGEST_KEEP_ALIVE_MS = 15_000

/** What a gateway's `MemoryStore` takes at most: far more than the load needs, and soon reached on purpose. */
export const MOST_QUERIES = 1_000
export const MOST_BYTES = 128 * 2 ** 20

/** Rows of a result that does not fit into the buffers between two processes. */
export const MANY_ROWS = 20_000
/** Every other result is at most this long. */
export const FEW_ROWS = 50
