import { randomUUID } from 'node:crypto'
import type { Owner } from '../../core/caller'
import type { QueryError } from '../../core/errors'
import type { Idempotency } from '../../core/idempotency'
import { idempotencyKeyReused } from '../../core/idempotency'
import type { ListedQuery, QueryRequest } from '../../core/store'
import type { ResultFacts } from '../execution/query'
import type { Database, Row } from './database'
import type { EncodedResult } from './encoding'
import { digestOf, encodeFailure, encodeRequest } from './encoding'
import type { KnownQuery, StoredQuery, TableState, TableTimes, TakenQuery } from './rows'
import {
  bytesOf,
  isTrue,
  keyOf,
  numberOf,
  readKnown,
  readListed,
  readQuery,
  readState,
  readTaken,
  readTimes,
} from './rows'
import type { Statements } from './statements'
import { statementsFor } from './statements'

/** Dates of PostgreSQL end in the year 294276. */
const LONGEST_MS = 2 ** 52

/** A query that becomes known to others. */
export interface Registration {
  key: Buffer
  id: string
  owner: Owner
  request: QueryRequest
  /** How long it has run already. */
  ranMs: number
  keepAliveMs: number
  maxKeepAliveMs: number
  keepOnCompletion: boolean
  idempotency: Idempotency | undefined
}

/** The tables have another query with the key of this one. */
export class KeyTaken extends Error {}

export interface OwnLimits {
  maxQueriesPerOwner: number
  maxBytesPerOwner: number
}

/** What an owner had before a registration, and the times of the query, unless a limit has refused it. */
export interface Registered {
  used: { queries: number; bytes: number }
  times?: TableTimes
}

/** The tables in words of the store: one statement for each method. `executor` is this process. */
export class Ledger {
  readonly #database: Database
  readonly #texts: Statements
  readonly #leaseMs: number
  readonly #reruns: boolean
  readonly #executor = randomUUID()

  /** `reruns`: a query whose process is lost runs again, once. */
  constructor(database: Database, schema: string, { leaseMs, reruns }: { leaseMs: number; reruns: boolean }) {
    this.#database = database
    this.#texts = statementsFor(schema, reruns)
    this.#leaseMs = leaseMs
    this.#reruns = reruns
  }

  async version(): Promise<number> {
    const [row = {}] = await this.#run('version')
    return numberOf(row, 'version')
  }

  /** Throws {@link KeyTaken} if the query has a key that is known. */
  async register(query: Registration, limits: OwnLimits): Promise<Registered> {
    const { key, id, owner, request, ranMs, keepAliveMs, keepOnCompletion, idempotency } = query
    const { columnar = false, timeZone = null, columnMetadata = false } = request
    const [row = {}] = await this.#run(
      'register',
      ...[key, id, digestOf(owner), ranMs, Math.min(Math.max(keepAliveMs, -1), LONGEST_MS)],
      ...[keepOnCompletion, columnar, timeZone, columnMetadata, this.#executor],
      encodeRequest(this.#reruns ? { request, owner } : { request: { query: request.query } }),
      ...[limits.maxQueriesPerOwner, limits.maxBytesPerOwner],
      ...[
        idempotency ? digestOf(idempotency.key) : null,
        idempotency ? digestOf(idempotency.fingerprint) : null,
      ],
      Number.isFinite(query.maxKeepAliveMs) ? query.maxKeepAliveMs : null,
    )
    const used = { queries: numberOf(row, 'queries'), bytes: numberOf(row, 'bytes') }
    if (row.started_ms === null) {
      if (used.queries < limits.maxQueriesPerOwner && used.bytes < limits.maxBytesPerOwner)
        throw new KeyTaken()
      return { used }
    }
    return { used, times: readTimes(row) }
  }

  /** The query that a submit with this key has started. Throws a 422 if that was another query. */
  async findKeyed(owner: string, { key, fingerprint }: Idempotency): Promise<KnownQuery | undefined> {
    const digests = [digestOf(owner), digestOf(key)]
    const [row] = await this.#run('sameKey', ...digests)
    if (!row) return undefined
    if (!isTrue(row, 'is_there')) {
      await this.#run('freeKey', ...digests)
      return undefined
    }
    if (!bytesOf(row, 'fingerprint')?.equals(digestOf(fingerprint))) throw idempotencyKeyReused(key)
    return readKnown(row)
  }

  /** A submit with a key has waited for the query. `isHeard`: its client gets the answer. */
  async settle(key: Buffer, isHeard: boolean, windowMs: number): Promise<void> {
    await this.#run('settle', key, isHeard, Math.min(windowMs, LONGEST_MS))
  }

  /** `heldAttempt`: the attempt whose result the caller has, which is then not read. */
  async read(key: Buffer, heldAttempt?: number): Promise<StoredQuery | undefined> {
    const [row] = await this.#run('get', key, heldAttempt ?? null, this.#leaseMs)
    return row && readQuery(row)
  }

  /** Moves the expiry. Resolves with how long the query is kept from now on, or `undefined` if there is none. */
  async touch(key: Buffer, keepAliveMs: number): Promise<{ leftMs: number; isEarlier: boolean } | undefined> {
    const [row] = await this.#run('touch', key, Math.min(keepAliveMs, LONGEST_MS))
    return row && { leftMs: numberOf(row, 'left_ms'), isEarlier: isTrue(row, 'is_earlier') }
  }

  async left(key: Buffer): Promise<number | undefined> {
    const [row] = await this.#run('left', key)
    return row && numberOf(row, 'left_ms')
  }

  async chunk(key: Buffer, attempt: number, no: number): Promise<Buffer | undefined> {
    const [row = {}] = await this.#run('chunk', key, attempt, no)
    return bytesOf(row, 'data')
  }

  /** Whether the query still runs here. */
  async putChunk(key: Buffer, no: number, data: Uint8Array): Promise<boolean> {
    return (await this.#run('putChunk', key, this.#executor, no, bufferOf(data))).length > 0
  }

  /** Whether the query still ran here. */
  async complete(
    key: Buffer,
    { tookNanos, isPartial }: ResultFacts,
    { head }: EncodedResult,
    rows: { body: Uint8Array | undefined; chunks: number; bytes: number },
  ): Promise<boolean> {
    const body = rows.body ? bufferOf(rows.body) : null
    const facts = [tookNanos, isPartial, bufferOf(head), body, rows.chunks, rows.bytes + head.length]
    return (await this.#run('complete', key, this.#executor, ...facts)).length > 0
  }

  async fail(key: Buffer, error: QueryError): Promise<void> {
    await this.#run('fail', key, this.#executor, encodeFailure(error))
  }

  async bury(key: Buffer, error: QueryError): Promise<boolean> {
    return (await this.#run('bury', key, this.#leaseMs, encodeFailure(error))).length > 0
  }

  /** Takes over the query of a lost process that began first, if there is one that may run again. */
  async take(): Promise<TakenQuery | undefined> {
    const [row] = await this.#run('take', this.#executor, this.#leaseMs)
    return row && readTaken(row)
  }

  /** Removes what earlier attempts have written. */
  async dropChunks(key: Buffer, attempt: number): Promise<void> {
    while ((await this.#run('dropChunks', key, attempt)).length > 0);
  }

  /** Whether other processes may run the query now. */
  async handOver(key: Buffer): Promise<boolean> {
    return (await this.#run('handOver', key, this.#executor)).length > 0
  }

  /** Leaves a query that was taken over to whoever has room for it. */
  async giveBack(key: Buffer): Promise<void> {
    await this.#run('giveBack', key, this.#executor)
  }

  /** Resolves with the time of the tables. */
  async stop(key: Buffer): Promise<number> {
    const [row = {}] = await this.#run('stop', key)
    return numberOf(row, 'asked_ms')
  }

  /** Completes a stopped query without rows, unless its process was there since that time. */
  async conclude(key: Buffer, { head }: EncodedResult, askedMs: number): Promise<void> {
    await this.#run('conclude', key, bufferOf(head), head.length, askedMs)
  }

  /** Resolves with the query that is deleted now. */
  async remove(
    target: { key: Buffer } | { id: string },
  ): Promise<{ key: Buffer; isRunning: boolean } | undefined> {
    const [row] =
      'key' in target ? await this.#run('remove', target.key) : await this.#run('removeOfOthers', target.id)
    return row && { key: keyOf(row), isRunning: row.state === 'running' }
  }

  async list(owner: string | undefined, id: string | undefined): Promise<(ListedQuery & { key: Buffer })[]> {
    const digest = owner === undefined ? null : digestOf(owner)
    const rows = await this.#run('list', digest, id ?? null, this.#leaseMs)
    return rows.map(readListed)
  }

  /** Those of the keys whose queries run no more, or in no process. */
  async ended(keys: readonly Buffer[]): Promise<Buffer[]> {
    const rows = await this.#run('poll', keys, this.#leaseMs)
    return rows.map(keyOf)
  }

  /** Tells the listeners of all processes. */
  async notify(payloads: readonly string[]): Promise<void> {
    await this.#database.runAside(this.#texts.notify, [payloads])
  }

  /** The same, never on this process's own listener. */
  async notifyThroughPool(payload: string): Promise<void> {
    await this.#run('notify', [payload])
  }

  async beat(): Promise<void> {
    await this.#database.runAside(this.#texts.beat, [this.#executor, this.#leaseMs])
  }

  async leave(): Promise<void> {
    await this.#database.runAside(this.#texts.leave, [this.#executor])
  }

  /** Queries of this process that another one has stopped or deleted, whose time is over, or that are none of `keys`. */
  async amiss(keys: readonly Buffer[]): Promise<TableState[]> {
    const rows = await this.#run('amiss', this.#executor, keys)
    return rows.map(readState)
  }

  /** Removes a bite of what ended for longer than the grace. Whether there may be more. */
  async sweep(graceMs: number): Promise<boolean> {
    const chunks = await this.#run('sweepChunks', graceMs)
    const queries = await this.#run('sweep', graceMs)
    await this.#run('sweepExecutors')
    return chunks.length + queries.length > 0
  }

  #run(statement: keyof Statements, ...values: unknown[]): Promise<readonly Row[]> {
    return this.#database.run(this.#texts[statement], values)
  }
}

/** `pg` sends a `Buffer` as bytes, but not every kind of array. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
