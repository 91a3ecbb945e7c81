import type { AsyncQuery, CompletedQuery } from '../../../lib/core/store'
import type { BrokenStore } from './broken-store'

/** The live records of a store that makes no copies. */
class Records {
  readonly #records = new Map<string, { record: AsyncQuery; isRunning: boolean }>()

  /** The record of a query, updated when the query has ended. */
  of(id: string, query: AsyncQuery): AsyncQuery {
    const known = this.#records.get(id)
    if (known?.isRunning === query.isRunning) return known.record
    const record = Object.assign(known?.record ?? {}, thaw(query))
    this.#records.set(id, { record, isRunning: query.isRunning })
    return record
  }
}

export const brokenSnapshots: readonly BrokenStore[] = [
  {
    flaw: 'returns its own records',
    breaks(good) {
      const records = new Records()
      return {
        async submit(request, owner, options) {
          const query = await good.submit(request, owner, options)
          return query.id ? records.of(query.id, query) : query
        },
        async get(id, owner, options) {
          const query = await good.get(id, owner, options)
          return query && records.of(id, query)
        },
        async stop(id, owner) {
          const query = await good.stop(id, owner)
          return query && (records.of(id, query) as CompletedQuery)
        },
      }
    },
    caughtBy: [
      'an answer stays as it was when the query completes and its expiry moves',
      'changing the answer about a running query changes nothing',
      'changing the answer of get changes nothing',
      'changing the answer of submit changes nothing',
      'changing the answer of stop changes nothing',
    ],
  },
]

function thaw<T>(value: T): T
function thaw(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((inner) => thaw(inner))
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, thaw(inner)]))
}
