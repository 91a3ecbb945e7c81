import { randomUUID } from 'node:crypto'
import type { QueryError } from '../../core/errors'
import type { ListedQuery, QueryRequest } from '../../core/store'
import type { ResultFacts } from '../execution/query'
import type { Database, Row } from './database'
import type { EncodedResult } from './encoding'
import { decodeRequest, encodeFailure, encodeRequest, ownerDigest } from './encoding'
import type { StoredQuery } from './rows'
import { bytesOf, isTrue, numberOf, readQuery, textOf } from './rows'
import type { Statements } from './statements'

/** Dates of PostgreSQL end in the year 294276. */
const LONGEST_MS = 2 ** 52

/** A query that becomes known to others. */
export interface Registration {
  key: Buffer
  id: string
  owner: string
  request: QueryRequest
  /** How long it has run already. */
  ranMs: number
  keepAliveMs: number
  keepOnCompletion: boolean
}

export interface OwnLimits {
  maxQueriesPerOwner: number
  maxBytesPerOwner: number
}

/** What an owner had before a registration, and the times of the query, unless a limit has refused it. */
export interface Registered {
  used: { queries: number; bytes: number }
  times?: { startTimeMs: number; expirationTimeMs: number; leftMs: number }
}

/** What the tables say about a running query of this process. */
export interface TableState {
  key: Buffer
  /** It was deleted, or its time is over. */
  isGone: boolean
  isStopped: boolean
}

/** The tables in words of the store: one statement for each method. `executor` is this process. */
export class Ledger {
  readonly #database: Database
  readonly #texts: Statements
  readonly #leaseMs: number
  readonly #executor = randomUUID()

  constructor(database: Database, texts: Statements, leaseMs: number) {
    this.#database = database
    this.#texts = texts
    this.#leaseMs = leaseMs
  }

  async version(): Promise<number> {
    const [row = {}] = await this.#run('version')
    return numberOf(row, 'version')
  }

  async register(query: Registration, limits: OwnLimits): Promise<Registered> {
    const { key, id, owner, request, ranMs, keepAliveMs, keepOnCompletion } = query
    const { columnar = false, timeZone = null, columnMetadata = false } = request
    const [row = {}] = await this.#run(
      'register',
      ...[key, id, ownerDigest(owner), ranMs, Math.min(Math.max(keepAliveMs, -1), LONGEST_MS)],
      ...[keepOnCompletion, columnar, timeZone, columnMetadata, this.#executor, encodeRequest(request.query)],
      ...[limits.maxQueriesPerOwner, limits.maxBytesPerOwner],
    )
    const used = { queries: numberOf(row, 'queries'), bytes: numberOf(row, 'bytes') }
    if (row.started_ms === null) return { used }
    const startTimeMs = numberOf(row, 'started_ms')
    const expirationTimeMs = numberOf(row, 'expires_ms')
    return { used, times: { startTimeMs, expirationTimeMs, leftMs: numberOf(row, 'left_ms') } }
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

  async bury(key: Buffer, error: QueryError): Promise<void> {
    await this.#run('bury', key, this.#leaseMs, encodeFailure(error))
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
    const [row = {}] =
      'key' in target ? await this.#run('remove', target.key) : await this.#run('removeOfOthers', target.id)
    const key = bytesOf(row, 'key')
    return key && { key, isRunning: row.state === 'running' }
  }

  async list(owner: string | undefined, id: string | undefined): Promise<(ListedQuery & { key: Buffer })[]> {
    const digest = owner === undefined ? null : ownerDigest(owner)
    const rows = await this.#run('list', digest, id ?? null, this.#leaseMs)
    return rows.map(readListed)
  }

  /** Those of the keys whose queries run no more. */
  async ended(keys: readonly Buffer[]): Promise<Buffer[]> {
    const rows = await this.#run('poll', keys, this.#leaseMs)
    return rows.flatMap((row) => bytesOf(row, 'key') ?? [])
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
    await this.#database.runAside(this.#texts.beat, [this.#executor])
  }

  async leave(): Promise<void> {
    await this.#database.runAside(this.#texts.leave, [this.#executor])
  }

  /** Queries of this process that another one has stopped or deleted, whose time is over, or that are none of `keys`. */
  async amiss(keys: readonly Buffer[]): Promise<TableState[]> {
    const rows = await this.#run('amiss', this.#executor, keys)
    return rows.map((row) => ({
      key: bytesOf(row, 'key') ?? Buffer.alloc(0),
      isGone: isTrue(row, 'is_gone'),
      isStopped: isTrue(row, 'is_stopped'),
    }))
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

function readListed(row: Row): ListedQuery & { key: Buffer } {
  const { query } = decodeRequest(bytesOf(row, 'request') ?? Buffer.from('{"query":""}'))
  return {
    key: bytesOf(row, 'key') ?? Buffer.alloc(0),
    id: textOf(row, 'id'),
    query,
    startTimeMs: numberOf(row, 'started_ms'),
    runningTimeNanos: Math.max(0, Math.round(numberOf(row, 'running_ms') * 1e6)),
  }
}

/** `pg` sends a `Buffer` as bytes, but not every kind of array. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
