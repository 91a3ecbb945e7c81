import type { ListOptions } from '../../../lib/core/operations'
import type { ListedQuery } from '../../../lib/core/store'
import { alice } from '../../../lib/test-kit/subject'
import type { BrokenStore } from './broken-store'
import { AT_ONCE } from './broken-store'

/** A flaw in the queries of a list. */
function inList(
  change: (queries: readonly ListedQuery[], options: ListOptions) => readonly ListedQuery[],
): BrokenStore['breaks'] {
  return (good) => ({
    list: async (owner, options = {}) => change(await good.list(owner, options), options),
  })
}

/** A flaw in the use of the options of list. */
function inOptions(change: (options: ListOptions) => ListOptions): BrokenStore['breaks'] {
  return (good) => ({ list: (owner, options = {}) => good.list(owner, change(options)) })
}

const OWN = 'list has the running queries of the owner, the one that began first in front'
const TELLS = 'list tells the text of a query, when it began, and how long it has run'
const FOREIGN = 'list has no query of another owner'

/** A store that goes on listing queries which have ended in some way. */
function brokenFor(state: 'finished' | 'failed' | 'expired' | 'stopped' | 'deleted'): BrokenStore {
  return {
    flaw: `lists ${state} queries`,
    breaks(good, { clock, queries }) {
      const all: (ListedQuery & { owner: string; endMs: number })[] = []
      const gone = new Set<string>()
      const isEnded = async ({ id, owner, query, endMs }: (typeof all)[number]): Promise<boolean> => {
        if (state === 'deleted' || state === 'stopped') return gone.has(id)
        const isExpired = endMs <= clock.now()
        if (state === 'expired' || isExpired) return state === 'expired' && isExpired && !gone.has(id)
        const names = state === 'failed' ? [queries.fails, queries.failsLater] : [queries.completes]
        const answer = await good.get(id, owner as never, AT_ONCE).catch(() => undefined)
        return names.includes(query) && !answer?.isRunning && !gone.has(id)
      }
      return {
        async submit(request, owner, options) {
          const query = await good.submit(request, owner, options)
          const startTimeMs = clock.now()
          const endMs = startTimeMs + options.keepAliveMs
          all.push({
            id: query.id ?? '',
            query: request.query,
            owner,
            startTimeMs,
            runningTimeNanos: 0,
            endMs,
          })
          return query
        },
        async stop(id, owner) {
          if (state === 'stopped') gone.add(id)
          return good.stop(id, owner)
        },
        async delete(id, owner, options) {
          if (state === 'deleted') gone.add(id)
          return good.delete(id, owner, options)
        },
        async list(owner, options = {}) {
          const running = await good.list(owner, options)
          const own = all.filter(
            (query) => query.owner === owner && [query.id, undefined].includes(options.id),
          )
          const ended = await Promise.all(own.map(async (query) => ((await isEnded(query)) ? [query] : [])))
          return [...running, ...ended.flat()]
        },
      }
    },
    caughtBy: [`list has no ${state} query`],
  }
}

export const brokenLists: readonly BrokenStore[] = [
  {
    flaw: 'lists a query that nobody has submitted',
    breaks: inList((queries, { id }) =>
      queries.length > 0 || id !== undefined
        ? queries
        : [{ id: 'x', query: 'ROW n = 1', startTimeMs: 0, runningTimeNanos: 0 }],
    ),
    caughtBy: ['list is empty for an owner without queries'],
  },
  {
    flaw: 'lists numbers of tasks in place of ids',
    breaks: inList((queries) => queries.map((query, index) => ({ ...query, id: `node:${index}` }))),
    caughtBy: ['list gives ids that get takes'],
  },
  {
    flaw: 'lists the youngest query first',
    breaks: inList((queries) => queries.toReversed()),
    caughtBy: [OWN],
  },
  {
    flaw: 'lists the first query alone',
    breaks: inList((queries) => queries.slice(0, 1)),
    caughtBy: [OWN, 'list with anyOwner has the running queries of all owners'],
  },
  {
    flaw: 'does not list the text',
    breaks: inList((queries) => queries.map((query) => ({ ...query, query: '' }))),
    caughtBy: [TELLS],
  },
  {
    flaw: 'tells the time of the list in place of the start',
    breaks: (good, { clock }) => ({
      async list(owner, options) {
        const queries = await good.list(owner, options)
        return queries.map((query) => ({ ...query, startTimeMs: clock.now() }))
      },
    }),
    caughtBy: [TELLS],
  },
  {
    flaw: 'counts the running time in milliseconds',
    breaks: inList((queries) =>
      queries.map((query) => ({ ...query, runningTimeNanos: query.runningTimeNanos / 1e6 })),
    ),
    caughtBy: [TELLS],
  },
  {
    flaw: 'renews the keep-alive with a list',
    breaks: (good) => ({
      async list(owner, options) {
        const queries = await good.list(owner, options)
        for (const { id } of queries) await good.get(id, owner, { ...AT_ONCE, keepAliveMs: 4_000 })
        return queries
      },
    }),
    caughtBy: ['list does not move the expiry'],
  },
  ...(['finished', 'failed', 'expired', 'stopped', 'deleted'] as const).map(brokenFor),
  {
    flaw: 'ignores the id of a list',
    breaks: inOptions(({ id: _, ...options }) => options),
    caughtBy: ['list with an id has that query and no other', 'list with an unknown id is empty'],
  },
  {
    flaw: 'ignores the owner in list',
    breaks: inOptions((options) => ({ ...options, anyOwner: true })),
    caughtBy: [FOREIGN, 'list with anyOwner: false has no query of another owner'],
  },
  {
    flaw: 'looks the owner of a list up with LIKE',
    breaks: (good) => ({
      list: (owner, options) => good.list(owner.endsWith('%') ? alice : owner, options),
    }),
    caughtBy: [FOREIGN],
  },
  {
    flaw: 'ignores anyOwner in list',
    breaks: inOptions(({ anyOwner: _, ...options }) => options),
    caughtBy: ['list with anyOwner has the running queries of all owners'],
  },
  {
    flaw: 'takes anyOwner: false of a list for true',
    breaks: inOptions((options) => ({ ...options, anyOwner: 'anyOwner' in options })),
    caughtBy: ['list with anyOwner: false has no query of another owner'],
  },
]
