/** Every process of the soak has to agree on these. */

/** Client processes, and owners in each. */
export const CLIENTS = 3
export const OWNERS = 12

/** Deeds that an owner has open at a time. */
export const MOST_OPEN = 12

/** Keep-alives that clients ask for, in milliseconds. Every query has expired after the longest. */
export const SHORTEST_KEEP_ALIVE_MS = 2_000
export const LONGEST_KEEP_ALIVE_MS = 15_000

/**
 * The limits of a gateway's `MemoryStore`, for so many deeds per second. The load stays far below, and `capacityOf` soon
 * reaches them.
 */
export const limitsAt = (rate) =>
  rate > 50 ? { queries: 1_000, bytes: 128 * 2 ** 20 } : { queries: 250, bytes: 32 * 2 ** 20 }

/** The `maxStallMs` of the gateways. */
export const MOST_STALL_MS = 3_000

/** Enough waits for all deeds that an owner has open, too few for one pipeline whose requests all wait. */
export const MOST_WAITS_PER_OWNER = 2 * MOST_OPEN
export const PIPELINED = 2 * MOST_WAITS_PER_OWNER

/** How long a gateway waits in one request to the cluster. It needs several for most waits. */
export const SLICE_MS = 1_000

/** A result of so many rows fills the buffers between two processes when it comes a few times. */
export const MANY_ROWS = 20_000
/** Every other result has this many rows at most. */
export const FEW_ROWS = 50

/** The lease of a gateway with queries in PostgreSQL. Pauses of a busy machine and an outage of the database are shorter. */
export const HEARTBEAT_MS = 1_000
export const LEASE_MS = 8_000
/** Longer than a client takes for a download. */
export const READ_GRACE_MS = 30_000
