import type { Owner } from '../../lib/core/caller'
import { ownerOf } from '../../lib/core/caller'
import { QueryError } from '../../lib/core/errors'
import type { GetOptions, SubmitOptions } from '../../lib/core/operations'
import type { QueryResult } from '../../lib/core/result'
import type { AsyncQuery, AsyncQueryStore, CompletedQuery, QueryRequest } from '../../lib/core/store'
import type { Execute, ExecuteContext } from '../../lib/stores/execution/execute'
import { MemoryStore } from '../../lib/stores/memory/memory-store'
import type { MemoryStoreOptions } from '../../lib/stores/memory/options'
import { ManualClock } from '../../lib/test-kit'

export const alice = ownerOf('issuer', 'alice')
export const bob = ownerOf('issuer', 'bob')

export const AT_ONCE = { waitForCompletionTimeoutMs: 0 }
export const FOREVER = { waitForCompletionTimeoutMs: Number.POSITIVE_INFINITY }

/** A result of one column, with a row for each cell. */
export function rows(...cells: string[]): QueryResult {
  return { columns: [{ name: 'x', type: 'keyword' }], values: cells.map((cell) => [cell]) }
}

/** A query that runs until the test ends it. It ignores its signal. */
export interface Run extends ExecuteContext {
  request: QueryRequest
  complete(result: unknown): void
  fail(error: unknown): void
}

type BenchStore = Required<Pick<AsyncQueryStore, 'submit' | 'get' | 'stop' | 'delete'>>

/** A store. The test controls its queries and its clock. */
export class StoreBench<Store extends BenchStore> {
  readonly clock = new ManualClock()
  readonly runs: Run[] = []
  readonly store: Store

  constructor(create: (options: { execute: Execute; clock: ManualClock }) => Store) {
    const execute = (request: QueryRequest, context: ExecuteContext): Promise<QueryResult> =>
      new Promise((resolve, fail) => {
        this.runs.push({ ...context, request, fail, complete: (result) => resolve(result as QueryResult) })
      })
    this.store = create({ execute, clock: this.clock })
  }

  /** Submits a query that is kept for a minute, with an answer at once. */
  submit(options: Partial<SubmitOptions> & { owner?: Owner; query?: string } = {}): Promise<AsyncQuery> {
    const { owner = alice, query = 'FROM x', ...rest } = options
    const defaults = { ...AT_ONCE, keepAliveMs: 60_000, keepOnCompletion: true }
    return this.store.submit({ query }, owner, { ...defaults, ...rest })
  }

  /** The same. Resolves with the id of the running query. */
  async start(options: Parameters<StoreBench<Store>['submit']>[0] = {}): Promise<string> {
    const { id } = await this.submit(options)
    if (!id) throw new Error('The query has no id')
    return id
  }

  get(id: string, options: Partial<GetOptions> = {}): Promise<AsyncQuery | undefined> {
    return this.store.get(id, alice, { ...AT_ONCE, ...options })
  }

  stop(id: string): Promise<CompletedQuery | undefined> {
    return this.store.stop(id, alice)
  }

  delete(id: string): Promise<boolean> {
    return this.store.delete(id, alice)
  }

  /** The run that was started last. */
  get run(): Run {
    const run = this.runs.at(-1)
    if (!run) throw new Error('Nothing runs')
    return run
  }

  /** Makes the run that was started last end when its signal fires. */
  obeySignal(): void {
    const { signal, fail } = this.run
    signal.addEventListener('abort', () => fail(signal.reason))
  }
}

export class MemoryBench extends StoreBench<MemoryStore> {
  constructor(options: Partial<MemoryStoreOptions> = {}) {
    super((own) => new MemoryStore({ ...own, ...options }))
  }
}

/** The part of a call's error that the client sees. */
export async function refusal(call: Promise<unknown>): Promise<object> {
  const { type, status, reason, metadata } = await errorOf(call)
  return { type, status, reason, metadata }
}

export async function errorOf(call: Promise<unknown>): Promise<QueryError> {
  const error = await call.then(
    () => new Error('expected an error'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof QueryError)) throw error
  return error
}
