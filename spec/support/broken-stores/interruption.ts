import { setImmediate as nextTurn } from 'node:timers/promises'
import { QueryError } from '../../../lib/core/errors'
import type { CompletedQuery } from '../../../lib/core/store'
import { STATES } from '../../../lib/test-kit/subject'
import type { BrokenStore } from './broken-store'
import { AT_ONCE, inCompleted } from './broken-store'

/** A flaw in the answer of `stop`. */
function inStopped(
  change: (query: CompletedQuery, id: string) => CompletedQuery | undefined,
): BrokenStore['breaks'] {
  return (good) => ({
    async stop(id, owner) {
      const query = await good.stop(id, owner)
      return query && change(query, id)
    },
  })
}

const brokenStops: readonly BrokenStore[] = [
  {
    flaw: 'loses the rows of a stopped query',
    breaks: inStopped((query) => ({ ...query, result: { ...query.result, values: [] } })),
    caughtBy: ['stop ends a running query and answers with the rows it has found, as a partial result'],
  },
  {
    flaw: 'shows a stopped query as complete',
    breaks: inStopped((query) => ({ ...query, isPartial: false })),
    caughtBy: ['stop ends a running query and answers with the rows it has found, as a partial result'],
  },
  {
    flaw: 'forgets that the kept result is partial',
    breaks: inCompleted((query) => ({ ...query, isPartial: false })),
    caughtBy: ['a stopped query keeps its partial result'],
  },
  {
    flaw: 'forgets a stopped query',
    breaks: (good) => ({
      async stop(id, owner) {
        const query = await good.stop(id, owner)
        await good.delete(id, owner)
        return query
      },
    }),
    caughtBy: ['a stopped query keeps its partial result', 'stop answers alike the second time'],
  },
  {
    flaw: 'marks a finished query as partial when it is stopped',
    breaks: inStopped((query) => ({ ...query, isPartial: true })),
    caughtBy: ['stop leaves a finished query as it is'],
  },
  {
    flaw: 'stops a failed query without its error',
    breaks: (good) => ({ stop: (id, owner) => good.stop(id, owner).catch(() => undefined) }),
    caughtBy: ['stop rejects with the error of a failed query'],
  },
  {
    flaw: 'renews the keep-alive with a stop',
    breaks: (good) => ({
      async stop(id, owner) {
        const query = await good.stop(id, owner)
        await good.get(id, owner, { ...AT_ONCE, keepAliveMs: 4_000 })
        return query
      },
    }),
    caughtBy: ['stop does not move the expiry'],
  },
  {
    flaw: 'cancels the waits on a stopped query',
    breaks: (good) => ({
      async get(id, owner, options) {
        const query = await good.get(id, owner, options)
        if (query?.isRunning !== false || !query.isPartial) return query
        throw new QueryError('task_cancelled_exception', 'task cancelled')
      },
    }),
    caughtBy: ['every wait on a query ends with the rows it has found when it is stopped'],
  },
  {
    flaw: 'shows the id of each stopped query',
    breaks: inStopped((query, id) => ({ ...query, id })),
    caughtBy: ['a stopped query shows its id only with keepOnCompletion'],
  },
  {
    flaw: 'lets a stopped query run on',
    breaks: (_good, { outcomes }) => ({
      stop: async () => ({ isRunning: false, isPartial: true, result: outcomes.stopped }),
    }),
    caughtBy: ['stop interrupts the query, and answers when it has ended'],
  },
]

const brokenDeletes: readonly BrokenStore[] = [
  {
    flaw: 'answers true to each delete',
    breaks: (good) => ({
      async delete(id, owner, options) {
        await good.delete(id, owner, options)
        return true
      },
    }),
    caughtBy: STATES.map((state) => `delete answers true once for a ${state} query, and false from then on`),
  },
  {
    flaw: 'does not forget deleted queries',
    breaks: () => ({ delete: async () => true }),
    caughtBy: STATES.map((state) => `a deleted ${state} query is unknown`),
  },
  {
    flaw: 'deletes all queries of the owner',
    breaks(good) {
      const ids = new Set<string>()
      return {
        async submit(request, owner, options) {
          const query = await good.submit(request, owner, options)
          ids.add(query.id ?? '')
          return query
        },
        async delete(_id, owner) {
          const answers = await Promise.all([...ids].map((id) => good.delete(id, owner)))
          return answers.includes(true)
        },
      }
    },
    caughtBy: ['delete leaves the other queries of the owner'],
  },
  {
    flaw: 'answers a delete before the query has ended',
    breaks: (good) => ({
      async delete(id, owner, options) {
        const isThere = (await good.get(id, owner, AT_ONCE).catch(() => 'failed')) !== undefined
        void good.delete(id, owner, options)
        return isThere
      },
    }),
    caughtBy: ['delete interrupts the query, and answers when it has ended'],
  },
]

const brokenAtOnce: readonly BrokenStore[] = [
  {
    flaw: 'answers one stop at a time',
    breaks(good) {
      const stopping = new Set<string>()
      return {
        async stop(id, owner) {
          if (stopping.has(id)) return undefined
          stopping.add(id)
          return good.stop(id, owner).finally(() => stopping.delete(id))
        },
      }
    },
    caughtBy: ['stops at the same time answer alike'],
  },
  {
    flaw: 'checks at once whether it can delete, and deletes later',
    breaks: (good) => ({
      async delete(id, owner, options) {
        const query = await good.get(id, owner, AT_ONCE)
        await nextTurn()
        await good.delete(id, owner, options)
        return query !== undefined
      },
    }),
    caughtBy: ['of deletes at the same time, one answers true'],
  },
  {
    flaw: 'refuses a call for a query during another call for it',
    breaks(good) {
      const busy = new Set<string>()
      return {
        async get(id, owner, options) {
          if (busy.has(id)) throw new QueryError('es_rejected_execution_exception', 'busy')
          busy.add(id)
          return good.get(id, owner, options).finally(() => busy.delete(id))
        },
      }
    },
    caughtBy: ['gets, stops and deletes at the same time all end, with an answer or as cancelled'],
  },
]

export const brokenInterruptions: readonly BrokenStore[] = [...brokenStops, ...brokenDeletes, ...brokenAtOnce]
