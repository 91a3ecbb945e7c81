import { isQueryError } from '../../../lib/core/errors'
import type { BrokenStore } from './broken-store'
import { AT_ONCE, inAnswer } from './broken-store'

const KNOWN = ['running', 'finished'].map(
  (state) => `a ${state} query is known until its keep-alive runs out, and no longer`,
)
const LATER = ['running', 'finished'].map(
  (state) => `get moves the expiry of a ${state} query to a later time, counted from the get`,
)
const EARLIER = ['running', 'finished'].map(
  (state) => `get moves the expiry of a ${state} query to an earlier time`,
)

/** A flaw in the use of the keep-alive of a submit. */
function inKeepAlive(change: (keepAliveMs: number) => number): BrokenStore['breaks'] {
  return (good) => ({
    submit: (request, owner, options) =>
      good.submit(request, owner, { ...options, keepAliveMs: change(options.keepAliveMs) }),
  })
}

const brokenForgetting: readonly BrokenStore[] = [
  { flaw: 'forgets early', breaks: inKeepAlive((keepAliveMs) => keepAliveMs / 2), caughtBy: KNOWN },
  {
    flaw: 'reads milliseconds as seconds',
    breaks: inKeepAlive((keepAliveMs) => keepAliveMs * 1_000),
    caughtBy: [...KNOWN, 'a failed query is unknown when its keep-alive has run out'],
  },
  {
    flaw: 'treats a keep-alive of zero as absent',
    breaks: inKeepAlive((keepAliveMs) => (keepAliveMs > 0 ? keepAliveMs : 432_000_000)),
    caughtBy: ['a query with a keep-alive of zero or less expires at once'],
  },
  {
    flaw: 'keeps failures for ever',
    breaks(good) {
      const errors = new Map<string, unknown>()
      return {
        async get(id, owner, options) {
          if (errors.has(id)) throw errors.get(id)
          return good.get(id, owner, options).catch((error: unknown) => {
            errors.set(id, error)
            throw error
          })
        },
      }
    },
    caughtBy: ['a failed query is unknown when its keep-alive has run out'],
  },
  {
    flaw: 'stops and deletes expired queries',
    breaks(good, { outcomes }) {
      const known = new Set<string>()
      return {
        async submit(request, owner, options) {
          const query = await good.submit(request, owner, options)
          known.add(query.id ?? '')
          return query
        },
        async stop(id, owner) {
          const query = await good.stop(id, owner)
          if (query || !known.has(id)) return query
          return { isRunning: false, isPartial: true, result: outcomes.stopped }
        },
        delete: async (id, owner, options) => (await good.delete(id, owner, options)) || known.delete(id),
      }
    },
    caughtBy: ['stop takes an expired query for unknown', 'delete takes an expired query for unknown'],
  },
  {
    flaw: 'counts the keep-alive from completion',
    breaks(good) {
      const keepAlives = new Map<string, number>()
      return {
        async submit(request, owner, options) {
          const query = await good.submit(request, owner, options)
          keepAlives.set(query.id ?? '', options.keepAliveMs)
          return query
        },
        async get(id, owner, options) {
          const query = await good.get(id, owner, options)
          const keepAliveMs = keepAlives.get(id)
          if (query?.isRunning !== false || !keepAliveMs) return query
          keepAlives.delete(id)
          return good.get(id, owner, { ...AT_ONCE, keepAliveMs })
        },
      }
    },
    caughtBy: ['completion does not move the expiry'],
  },
]

const brokenMoving: readonly BrokenStore[] = [
  {
    flaw: 'ignores the keep-alive of get',
    breaks: (good) => ({
      get: (id, owner, { keepAliveMs: _keepAliveMs, ...options }) => good.get(id, owner, options),
    }),
    caughtBy: [...LATER, ...EARLIER],
  },
  {
    flaw: 'adds the keep-alive of get to the expiry',
    breaks: (good, { clock }) => ({
      async get(id, owner, { keepAliveMs, ...options }) {
        const query = await good.get(id, owner, { ...options, ...AT_ONCE })
        if (!keepAliveMs) return good.get(id, owner, options)
        const remainingMs = (query?.expirationTimeMs ?? 0) - clock.now()
        return good.get(id, owner, { ...options, keepAliveMs: remainingMs + keepAliveMs })
      },
    }),
    caughtBy: LATER,
  },
  {
    flaw: 'moves the expiry to later times only',
    breaks: (good, { clock }) => ({
      async get(id, owner, { keepAliveMs = 0, ...options }) {
        const query = await good.get(id, owner, { ...options, ...AT_ONCE })
        const isLater = query?.expirationTimeMs && clock.now() + keepAliveMs > query.expirationTimeMs
        return good.get(id, owner, { ...options, ...(isLater && { keepAliveMs }) })
      },
    }),
    caughtBy: EARLIER,
  },
  {
    flaw: 'renews the keep-alive with each get',
    breaks: (good) => ({
      get: (id, owner, options) => good.get(id, owner, { keepAliveMs: 4_000, ...options }),
    }),
    caughtBy: ['get without a keep-alive leaves the expiry'],
  },
  {
    flaw: 'lets a query expire at once for a keep-alive of zero in get',
    breaks: (good) => ({
      async get(id, owner, options) {
        const query = await good.get(id, owner, options)
        if ((options.keepAliveMs ?? 1) <= 0) await good.delete(id, owner)
        return query
      },
    }),
    caughtBy: ['get with a keep-alive of zero or less leaves the expiry'],
  },
  {
    flaw: 'moves the expiry after the wait',
    breaks: (good) => ({
      async get(id, owner, { keepAliveMs, ...options }) {
        const query = await good.get(id, owner, options)
        return keepAliveMs ? good.get(id, owner, { ...AT_ONCE, keepAliveMs }) : query
      },
    }),
    caughtBy: ['get moves the expiry before its wait begins'],
  },
  {
    flaw: 'always shows the expiry of the submit',
    breaks(good, harness) {
      const first = new Map<string, number | undefined>()
      return inAnswer((query, id) => {
        const expirationTimeMs = first.get(id) ?? query.expirationTimeMs
        first.set(id, expirationTimeMs)
        return { ...query, ...(expirationTimeMs && { expirationTimeMs }) }
      })(good, harness)
    },
    caughtBy: ['an answer tells the expiry that applies, where it tells one'],
  },
]

const brokenInterrupting: readonly BrokenStore[] = [
  {
    flaw: 'answers undefined to cancelled waits',
    breaks: (good) => ({
      get: (id, owner, options) =>
        good.get(id, owner, options).catch((error: unknown) => {
          if (isQueryError(error) && error.type === 'task_cancelled_exception') return undefined
          throw error
        }),
    }),
    caughtBy: [
      'every wait on a query ends with task_cancelled_exception when it expires',
      'every wait on a query ends with task_cancelled_exception when it is deleted',
    ],
  },
  {
    flaw: 'lets an expired query run on',
    breaks(good, { clock }) {
      const expiries = new Map<string, number>()
      return {
        async submit(request, owner, options) {
          const query = await good.submit(request, owner, { ...options, keepAliveMs: 432_000_000 })
          expiries.set(query.id ?? '', clock.now() + options.keepAliveMs)
          return query
        },
        async get(id, owner, options) {
          return clock.now() < (expiries.get(id) ?? 0) ? good.get(id, owner, options) : undefined
        },
      }
    },
    caughtBy: ['a running query is interrupted when it expires'],
  },
]

export const brokenExpiries: readonly BrokenStore[] = [
  ...brokenForgetting,
  ...brokenMoving,
  ...brokenInterrupting,
]
