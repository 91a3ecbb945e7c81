/** What every process of the soak has to agree on. */

/** Client processes, and owners in each. */
export const CLIENTS = 3
export const OWNERS = 12

/** Deeds that an owner has open at a time. */
export const MOST_OPEN = 12

/** Keep-alives that clients ask for, in milliseconds. After the longest, every query has expired. */
export const SHORTEST_KEEP_ALIVE_MS = 2_000
export const LONGEST_KEEP_ALIVE_MS = 15_000

/** What a gateway's `MemoryStore` takes at most: far more than the load needs, and soon reached on purpose. */
export const MOST_QUERIES = 1_000
export const MOST_BYTES = 128 * 2 ** 20

/** How long a client may take nothing of its answer. */
export const MOST_STALL_MS = 3_000

/** Waits of one owner. Enough for all that the owner has open, too few for one pipeline whose requests all wait. */
export const MOST_WAITS_PER_OWNER = 2 * MOST_OPEN
export const PIPELINED = 2 * MOST_WAITS_PER_OWNER

/** How long a gateway waits in one request to the cluster. Short, so that longer waits take several. */
export const SLICE_MS = 1_000

/** Rows of a result that fills the buffers between two processes when it is sent a few times. */
export const MANY_ROWS = 20_000
/** Every other result is at most this long. */
export const FEW_ROWS = 50
