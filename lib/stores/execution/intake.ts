import type { EarlyEnd } from '../../core/early-end'
import { unavailable } from '../../core/errors'
import { isObject } from '../../core/is-object'
import type { Column, EngineResult, QueryResult, ResultEnd, Rows } from '../../core/result'
import { isRows } from '../../core/result'
import { withoutMissing } from '../../core/without-missing'
import { admitColumns } from '../../formats/admission'
import type { WrittenRows } from '../../formats/json/written-rows'
import { RowEncoder } from '../batches/row-encoder'
import type { KeptChunk, StoredChunk } from './kept-rows'
import { KeptRows } from './kept-rows'

/** A result whose rows the store holds. */
export type KeptResult = QueryResult<Rows | KeptRows | WrittenRows>

/** What V8 and Node.js need for a chunk beside its bytes. */
const CHUNK_OVERHEAD = 200

/** Takes a chunk out of memory, the one with this number, or leaves it there: `undefined`. */
export type StoreChunk = (chunk: Uint8Array, no: number) => Promise<StoredChunk | undefined>

/**
 * Takes in the rows of an iterable: one batch at a time, and the next one only when the batch before is checked, encoded and
 * counted. So the engine is never more than one batch ahead of the store.
 */
export class Intake {
  readonly #result: EngineResult
  readonly #iterator: Iterator<unknown> | AsyncIterator<unknown>
  readonly #count: (bytes: number) => void
  #columns: readonly Column[] | undefined
  readonly #store: StoreChunk | undefined
  #encoder: RowEncoder | undefined
  #chunks: KeptChunk[] = []
  #chunkBytes = 0
  #countedBytes = 0
  #end: unknown
  #adding = Promise.resolve()
  /** No more rows are taken. */
  #isSealed = false
  #isAtEnd = false
  #kept: Promise<KeptResult> | undefined
  #closing: Promise<void> | undefined

  /**
   * For a result whose rows are an iterable, otherwise `undefined`. `count` gets the bytes that the rows take more, or less
   * if negative; when it throws, the intake fails. Without `store`, all chunks stay in memory.
   */
  static of(result: EngineResult, count: (bytes: number) => void, store?: StoreChunk): Intake | undefined {
    const values: unknown = isObject(result) ? result.values : undefined
    if (typeof values !== 'object' || values === null || isRows(values)) return undefined
    const begin = Reflect.get(values, Symbol.asyncIterator) ?? Reflect.get(values, Symbol.iterator)
    return typeof begin === 'function' ? new Intake(result, begin.call(values), count, store) : undefined
  }

  private constructor(
    result: EngineResult,
    iterator: Iterator<unknown> | AsyncIterator<unknown>,
    count: (bytes: number) => void,
    store: StoreChunk | undefined,
  ) {
    this.#result = result
    this.#iterator = iterator
    this.#count = count
    this.#store = store
  }

  /**
   * Resolves when the iterable has ended, or when the signal has fired and the batch that was on its way has come. Rejects with
   * the fault of the engine, of a cell, or of `count`.
   */
  async read(interrupt: EarlyEnd): Promise<void> {
    // Even after the signal: a generator that has not begun would not run its `finally`.
    let next = this.#next()
    const close = { handleEvent: () => void this.close() }
    if (interrupt.aborted) close.handleEvent()
    interrupt.addEventListener('abort', close)
    try {
      while (await this.#take(next, interrupt)) next = this.#next()
    } finally {
      interrupt.removeEventListener('abort', close)
    }
  }

  /** Lets the iterable close what it reads from, if it has not ended by itself. Never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#isAtEnd ? Promise.resolve() : this.#return()
    return this.#closing
  }

  /** Takes no more rows, and resolves with those that have come. */
  kept(): Promise<KeptResult> {
    this.#kept ??= this.#finish()
    return this.#kept
  }

  /** Frees all rows at once. */
  drop(): void {
    this.#isSealed = true
    this.#encoder = undefined
    this.#chunks = []
    this.#chunkBytes = 0
    this.#recount()
  }

  async #next(): Promise<IteratorResult<unknown>> {
    const next = await this.#iterator.next()
    return { done: next.done === true, value: await next.value }
  }

  /** Whether there may be more. */
  async #take(next: Promise<IteratorResult<unknown>>, interrupt: EarlyEnd): Promise<boolean> {
    let taken: IteratorResult<unknown>
    try {
      taken = await next
    } catch (fault) {
      this.#isAtEnd = true
      // An engine that obeys its signal may reject.
      if (interrupt.aborted) return false
      throw fault
    }
    this.#isAtEnd = taken.done === true
    if (taken.done) this.#end = taken.value
    else if (!this.#isSealed) {
      this.#adding = this.#add(taken.value)
      await this.#adding
    }
    return !(taken.done || this.#isSealed || interrupt.aborted)
  }

  async #add(batch: unknown): Promise<void> {
    // An engine may go on using its list of columns.
    this.#columns ??= admitColumns(this.#result.columns)
    this.#encoder ??= new RowEncoder(this.#columns, (chunk) => this.#keep(chunk))
    await this.#encoder.add(batch)
    this.#recount()
  }

  #keep(chunk: Uint8Array): void | Promise<void> {
    this.#assertWanted()
    return this.#store ? this.#keepAway(chunk, this.#store) : this.#shelve(chunk)
  }

  async #keepAway(chunk: Uint8Array, store: StoreChunk): Promise<void> {
    const stored = await store(chunk, this.#chunks.length)
    this.#assertWanted()
    this.#shelve(stored ?? chunk)
  }

  #shelve(chunk: KeptChunk): void {
    this.#chunks.push(chunk)
    this.#chunkBytes += CHUNK_OVERHEAD + (chunk instanceof Uint8Array ? chunk.length : 0)
    this.#recount()
  }

  /** If the query has ended meanwhile, the rest of the batch is not worth its time. */
  #assertWanted(): void {
    if (!this.#encoder) throw unavailable('the rows are no longer needed')
  }

  #recount(): void {
    const bytes = this.#chunkBytes + (this.#encoder?.pending ?? 0)
    this.#count(bytes - this.#countedBytes)
    this.#countedBytes = bytes
  }

  async #finish(): Promise<KeptResult> {
    this.#isSealed = true
    await this.#adding
    const values = await this.#keptRows()
    this.#recount()
    const columns = this.#columns ?? this.#result.columns
    return { ...this.#result, ...endOf(this.#end), columns, values }
  }

  /** Rows of less than a chunk are what an array of them would be. */
  async #keptRows(): Promise<Rows | KeptRows> {
    const encoder = this.#encoder
    if (!encoder) return []
    if (this.#chunks.length === 0) return encoder.takeRows()
    await encoder.flush()
    return new KeptRows(encoder.found, this.#chunks)
  }

  async #return(): Promise<void> {
    try {
      await this.#iterator.return?.()
    } catch {
      // The outcome of the query is decided.
    }
  }
}

function endOf(end: unknown): ResultEnd {
  if (end === undefined || end === null) return {}
  if (!isObject(end))
    throw new TypeError('What the iterable of `values` returns must be an object, or nothing')
  const { tookNanos, statistics, isPartial, profile, clusters, warnings, approximationApplied } =
    end as ResultEnd
  const given = { tookNanos, statistics, isPartial, profile, clusters, warnings, approximationApplied }
  return withoutMissing(given)
}
