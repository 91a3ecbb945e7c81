import { queryNotFound } from '../../../lib/core/errors'
import { rowsOf } from '../../../lib/formats/admission'
import type { MemoryHarness } from '../memory-harness'
import type { BrokenStore, FullStore } from './broken-store'
import { AT_ONCE, inAnswer, inCompleted, methodsOf } from './broken-store'

/** The first store of each harness. */
const shared = new WeakMap<MemoryHarness, FullStore>()

export const brokenFactories: readonly BrokenStore[] = [
  {
    flaw: 'shares its queries with every other store',
    breaks(good, harness) {
      const first = shared.get(harness) ?? good
      shared.set(harness, first)
      return methodsOf(first)
    },
    caughtBy: ['create makes stores that share nothing'],
  },
  {
    flaw: 'lacks a method that its harness lists',
    breaks: () => ({ stop: undefined }),
    caughtBy: ['the store offers the methods that the harness names, and no other'],
  },
]

const brokenSubmits: readonly BrokenStore[] = [
  {
    flaw: 'submits without an id in its answer',
    breaks: (good) => ({
      async submit(request, owner, options) {
        return { ...(await good.submit(request, owner, options)), id: '' }
      },
    }),
    caughtBy: ['submit answers with the running query and its id when it does not complete within the wait'],
  },
  {
    flaw: 'does not wait in submit',
    breaks: (good) => ({
      submit: (request, owner, options) => good.submit(request, owner, { ...options, ...AT_ONCE }),
    }),
    caughtBy: ['submit answers with the result when the query completes within the wait'],
  },
  {
    flaw: 'gives an id to a query that it does not keep',
    breaks: (good) => ({
      submit: async (request, owner, options) => ({
        id: 'x',
        ...(await good.submit(request, owner, options)),
      }),
    }),
    caughtBy: ['submit gives no id to a query that completes within the wait without keepOnCompletion'],
  },
  {
    flaw: 'keeps no query that completes within the wait',
    breaks: (good) => ({
      async submit(request, owner, options) {
        const query = await good.submit(request, owner, options)
        if (!query.isRunning && query.id) await good.delete(query.id, owner)
        return query
      },
    }),
    caughtBy: ['submit keeps a query that completes within the wait with keepOnCompletion'],
  },
  {
    flaw: 'gives all queries the same id',
    breaks: (good) => ({
      submit: async (request, owner, options) => ({
        ...(await good.submit(request, owner, options)),
        id: 'x',
      }),
    }),
    caughtBy: ['submit gives each query an id of its own'],
  },
]

const brokenAnswers: readonly BrokenStore[] = [
  {
    flaw: 'shows rows while the query runs',
    breaks: inAnswer((query) => ({
      ...query,
      ...(query.isRunning && { result: { columns: [], values: [] } }),
    })),
    caughtBy: ['get answers with the running query, without rows, while it runs'],
  },
  {
    flaw: 'rounds long integers',
    breaks: inCompleted(({ result, ...query }) => {
      const round = (cell: unknown): unknown => (typeof cell === 'bigint' ? Number(cell) : cell)
      return {
        ...query,
        result: { ...result, values: rowsOf(result.values).map((row) => row.map(round) as typeof row) },
      }
    }),
    caughtBy: ['get answers with every column and value, exactly, when the query has completed'],
  },
  {
    flaw: 'answers the first get of a completed query only',
    breaks(good) {
      const answered = new Set<string>()
      return {
        async get(id, owner, options) {
          if (answered.has(id)) return undefined
          const query = await good.get(id, owner, options)
          if (query?.isRunning === false) answered.add(id)
          return query
        },
      }
    },
    caughtBy: ['get answers alike each time'],
  },
  {
    flaw: 'loses the statistics',
    breaks: inCompleted(({ result: { columns, values }, ...query }) => ({
      ...query,
      result: { columns, values },
    })),
    caughtBy: ['get answers with the statistics of the query'],
  },
  {
    flaw: 'forgets a completed query after its first answer without keepOnCompletion',
    breaks: (good) => ({
      async get(id, owner, options) {
        const query = await good.get(id, owner, options)
        if (query?.isRunning === false && !query.id) await good.delete(id, owner)
        return query
      },
    }),
    caughtBy: ['a query that completes after the wait is kept without keepOnCompletion too'],
  },
  {
    flaw: 'shows no id of a completed query',
    breaks: inCompleted(({ id: _id, ...query }) => query),
    caughtBy: ['a completed query shows its id with keepOnCompletion'],
  },
  {
    flaw: 'shows the id of each completed query',
    breaks: inCompleted((query, id) => ({ ...query, id })),
    caughtBy: ['a completed query shows no id without keepOnCompletion'],
  },
  {
    flaw: 'marks every result as partial',
    breaks: inCompleted((query) => ({ ...query, isPartial: true })),
    caughtBy: ['a completed query is partial only when its result is'],
  },
  {
    flaw: 'forgets the fields of the request about the answer',
    breaks: inCompleted(({ columnar: _columnar, timeZone: _timeZone, ...query }) => query),
    caughtBy: ['a completed query shows how its request wants values and dates to be written'],
  },
  {
    flaw: 'shows the expiry in seconds',
    breaks: inAnswer((query) => ({ ...query, expirationTimeMs: (query.expirationTimeMs ?? 0) / 1_000 })),
    caughtBy: ['the times that a query tells fit together'],
  },
]

const brokenLookups: readonly BrokenStore[] = [
  {
    flaw: 'answers an unknown id with an error',
    breaks: (good) => ({
      async get(id, owner, options) {
        const query = await good.get(id, owner, options)
        if (!query) throw queryNotFound(id)
        return query
      },
      async stop(id, owner) {
        const query = await good.stop(id, owner)
        if (!query) throw queryNotFound(id)
        return query
      },
      async delete(id, owner, options) {
        if (!(await good.delete(id, owner, options))) throw queryNotFound(id)
        return true
      },
    }),
    caughtBy: [
      'get answers an unknown id with undefined',
      'stop answers an unknown id with undefined',
      'delete answers an unknown id with false',
    ],
  },
  {
    flaw: 'fails on a text that is not an id',
    breaks(good) {
      const assertUsable = (id: string): void => {
        if (id.includes('\0')) throw new Error('invalid byte sequence for encoding "UTF8": 0x00')
      }
      return {
        async get(id, owner, options) {
          assertUsable(id)
          return good.get(id, owner, options)
        },
        async stop(id, owner) {
          assertUsable(id)
          return good.stop(id, owner)
        },
        async delete(id, owner, options) {
          assertUsable(id)
          return good.delete(id, owner, options)
        },
      }
    },
    caughtBy: [
      'get takes what cannot be an id for an unknown one, or refuses it as invalid',
      'stop takes what cannot be an id for an unknown one, or refuses it as invalid',
      'delete takes what cannot be an id for an unknown one, or refuses it as invalid',
    ],
  },
]

export const brokenLifecycles: readonly BrokenStore[] = [...brokenSubmits, ...brokenAnswers, ...brokenLookups]
