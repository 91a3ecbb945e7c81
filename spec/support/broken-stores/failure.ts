import { QueryError } from '../../../lib/core/errors'
import type { BrokenStore } from './broken-store'
import { AT_ONCE } from './broken-store'

const fault = (): never => {
  throw new QueryError('exception', 'internal error')
}

export const brokenFailures: readonly BrokenStore[] = [
  {
    flaw: 'replaces the error of a query',
    breaks: (good) => ({
      submit: (request, owner, options) => good.submit(request, owner, options).catch(fault),
      get: (id, owner, options) => good.get(id, owner, options).catch(fault),
    }),
    caughtBy: [
      'submit rejects with the error of a query that fails within the wait',
      'get rejects with the error that the query failed with, each time it is asked for',
    ],
  },
  {
    flaw: 'gives the error of a query once',
    breaks: (good) => ({
      get: (id, owner, options) =>
        good.get(id, owner, options).catch(async (error: unknown) => {
          await good.delete(id, owner)
          throw error
        }),
    }),
    caughtBy: ['get rejects with the error that the query failed with, each time it is asked for'],
  },
  {
    flaw: 'keeps a failed query only with keepOnCompletion',
    breaks(good) {
      const unkept = new Set<string>()
      return {
        async submit(request, owner, options) {
          const query = await good.submit(request, owner, options)
          if (query.id && !options.keepOnCompletion) unkept.add(query.id)
          return query
        },
        async get(id, owner, options) {
          const isFailed = await good.get(id, owner, AT_ONCE).then(
            () => false,
            () => true,
          )
          return isFailed && unkept.has(id) ? undefined : good.get(id, owner, options)
        },
      }
    },
    caughtBy: ['a query that failed without keepOnCompletion is kept too'],
  },
]

export const brokenCloses: readonly BrokenStore[] = [
  {
    flaw: 'cannot be closed twice',
    breaks(good) {
      let isClosed = false
      return {
        async close() {
          if (isClosed) throw new Error('closed already')
          isClosed = true
          await good.close()
        },
      }
    },
    caughtBy: ['close resolves each time it is called'],
  },
  {
    flaw: 'keeps a timer when it is closed',
    breaks(_good, { clock }) {
      clock.setTimer(() => {}, 60_000)
      return {}
    },
    caughtBy: ['close leaves no timer'],
  },
]
