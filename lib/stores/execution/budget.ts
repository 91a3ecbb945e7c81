import type { Owner } from '../../core/caller'
import { QueryError } from '../../core/errors'
import type { Counter, Meter } from '../../core/meter'
import type { Excess } from '../../core/quota'
import { Quota } from '../../core/quota'
import { UNPACKED_BYTES } from '../batches/chunk'

/** What a store may hold, in all and for one owner. */
export interface Limits {
  maxQueries: number
  maxQueriesPerOwner: number
  maxBytes: number
  maxBytesPerOwner: number
  /** What the options of the store call them, for the log. */
  limitNames?: LimitNames
}

type LimitNames = Readonly<
  Record<'maxQueries' | 'maxQueriesPerOwner' | 'maxBytes' | 'maxBytesPerOwner', string>
>

const OWN_NAMES: LimitNames = {
  maxQueries: 'maxQueries',
  maxQueriesPerOwner: 'maxQueriesPerOwner',
  maxBytes: 'maxBytes',
  maxBytesPerOwner: 'maxBytesPerOwner',
}

/** Counts the queries that a store holds and the bytes that they take, limits both, and measures both. */
export class MemoryBudget {
  readonly #queries: Quota
  readonly #bytes: Quota
  readonly #unpackedBytes: Quota
  readonly #queryCounter: Counter | undefined
  readonly #byteCounter: Counter | undefined

  constructor(limits: Limits, meter?: Meter) {
    const { maxQueries, maxQueriesPerOwner, maxBytes, maxBytesPerOwner, limitNames } = limits
    const refuse = (excess: Excess): QueryError => tooLarge(excess, limitNames)
    this.#queries = new Quota({ max: maxQueries, maxPerOwner: maxQueriesPerOwner }, (excess) =>
      tooMany(excess, limitNames),
    )
    this.#bytes = new Quota({ max: maxBytes, maxPerOwner: maxBytesPerOwner }, refuse)
    // Counted apart, so that a full store can be read.
    const unpacked = {
      max: Math.max(maxBytes, UNPACKED_BYTES),
      maxPerOwner: Math.max(maxBytesPerOwner, UNPACKED_BYTES),
    }
    this.#unpackedBytes = new Quota(unpacked, refuse)
    this.#queryCounter = meter?.createUpDownCounter('esql_async.store.queries', {
      description: 'Queries that the store holds, running and finished.',
      unit: '{query}',
    })
    this.#byteCounter = meter?.createUpDownCounter('esql_async.store.size', {
      description: 'Estimated bytes that requests, results and readers of large results take in the store.',
      unit: 'By',
    })
  }

  /** Counts one more query with the bytes of its request, or throws a 429 and counts nothing. */
  addQuery(owner: Owner, bytes: number): void {
    this.#queries.assertRoom(owner, 1)
    this.addBytes(owner, bytes)
    this.#queries.add(owner, 1)
    this.#queryCounter?.add(1)
  }

  /** Whether the limits of all owners leave room for one more query with a small request. */
  hasRoom(): boolean {
    return this.#queries.hasRoom(1) && this.#bytes.hasRoom(1)
  }

  /** Counts more bytes of a query, or throws `circuit_breaking_exception`, 429, and counts nothing. */
  addBytes(owner: Owner, bytes: number): void {
    this.#bytes.add(owner, bytes)
    this.#byteCounter?.add(bytes)
  }

  /** Throws as {@link addBytes} would. */
  assertRoom(owner: Owner, bytes: number): void {
    this.#bytes.assertRoom(owner, bytes)
  }

  /** Counts somebody who unpacks rows, or throws `circuit_breaking_exception`, 429, and counts nobody. */
  addReader(owner: Owner): void {
    this.#unpackedBytes.add(owner, UNPACKED_BYTES)
    this.#byteCounter?.add(UNPACKED_BYTES)
  }

  removeReader(owner: Owner): void {
    this.#unpackedBytes.remove(owner, UNPACKED_BYTES)
    this.#byteCounter?.add(-UNPACKED_BYTES)
  }

  /** `bytes` are all that are still counted for the query. */
  removeQuery(owner: Owner, bytes: number): void {
    this.#queries.remove(owner, 1)
    this.#queryCounter?.add(-1)
    this.removeBytes(owner, bytes)
  }

  removeBytes(owner: Owner, bytes: number): void {
    this.#bytes.remove(owner, bytes)
    this.#byteCounter?.add(-bytes)
  }
}

export function tooMany({ of, used, limit }: Excess, names = OWN_NAMES): QueryError {
  const who = of === 'owner' ? 'you have' : 'the server has'
  return new QueryError(
    'es_rejected_execution_exception',
    `rejected execution of async query: ${who} [${used}] async queries already, the limit is [${limit}]; ` +
      'delete those that are no longer needed or try again later',
    { limit: of === 'owner' ? names.maxQueriesPerOwner : names.maxQueries },
  )
}

export function tooLarge({ of, wanted, limit }: Excess, names = OWN_NAMES): QueryError {
  const what = of === 'owner' ? 'your async queries' : 'all async queries'
  return new QueryError(
    'circuit_breaking_exception',
    `[async_query] Data too large, data for ${what} would be [${wanted}b], ` +
      `which is larger than the limit of [${limit}b]`,
    {
      metadata: { bytes_wanted: wanted, bytes_limit: limit, durability: 'TRANSIENT' },
      limit: of === 'owner' ? names.maxBytesPerOwner : names.maxBytes,
    },
  )
}
