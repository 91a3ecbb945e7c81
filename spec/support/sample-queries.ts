import { ownerOf } from '../../lib/core/caller'
import type { QueryError } from '../../lib/core/errors'
import type { QueryResult } from '../../lib/core/result'
import type { QueryParam } from '../../lib/core/store'
import { rowsOf } from '../../lib/formats/admission'
import { readDefaultCatalogue } from '../../lib/sample/catalogue'
import { sampleEngine } from '../../lib/sample/engine'
import { MemoryStore } from '../../lib/stores/memory/memory-store'
import { ManualClock } from '../../lib/test-kit/manual-clock'

export const alice = ownerOf('issuer', 'alice')
export const SAMPLES = readDefaultCatalogue()
const KEPT = { waitForCompletionTimeoutMs: 0, keepAliveMs: 3_600_000, keepOnCompletion: true }

/** Runs a query to its end. */
export async function run(query: string, params?: QueryParam[], queries = SAMPLES): Promise<QueryResult> {
  const { signal } = new AbortController()
  const request = { query, ...(params && { params }) }
  const context = { signal, report() {}, owner: alice, caller: { owner: alice } }
  const result = await sampleEngine(() => queries)(request, context)
  return { ...result, values: rowsOf(result.values) }
}

/** The type and reason of the error of a query. */
export async function failure(query: string, params?: QueryParam[]): Promise<string[]> {
  const error: QueryError = await run(query, params).then(
    () => Promise.reject(new Error('it does not fail')),
    (thrown: QueryError) => thrown,
  )
  return [error.type, error.reason]
}

/** A store that runs the engine on a clock that stands still. */
export function startStore(queries = SAMPLES): { store: MemoryStore; clock: ManualClock } {
  const clock = new ManualClock()
  return { clock, store: new MemoryStore({ execute: sampleEngine(() => queries, clock), clock }) }
}

export async function submit(store: MemoryStore, query: string): Promise<string> {
  const { id = '' } = await store.submit({ query }, alice, KEPT)
  return id
}

export const get = (store: MemoryStore, id: string) => store.get(id, alice, { waitForCompletionTimeoutMs: 0 })
