import type { AsyncQuery } from '../../../lib/core/store'
import { alice } from '../../../lib/test-kit/subject'
import type { BrokenStore } from './broken-store'
import { inWait, never, sleep } from './broken-store'

function brokenWaitsIn(method: 'submit' | 'get'): BrokenStore[] {
  return [
    {
      flaw: `treats a wait of 0 as unlimited in ${method}`,
      breaks: inWait(method, (call, { waitForCompletionTimeoutMs: ms }) =>
        call({ waitForCompletionTimeoutMs: ms || Number.POSITIVE_INFINITY }),
      ),
      caughtBy: [`${method} answers at once with a wait of 0`],
    },
    {
      flaw: `ends a wait early in ${method}`,
      breaks: inWait(method, (call, { waitForCompletionTimeoutMs: ms }) =>
        call({ waitForCompletionTimeoutMs: ms / 2 }),
      ),
      caughtBy: [`${method} answers with the running query when the wait is over, and not before`],
    },
    {
      flaw: `ends a wait late in ${method}`,
      breaks: inWait(method, (call, { waitForCompletionTimeoutMs: ms }) =>
        call({ waitForCompletionTimeoutMs: ms * 1_000 }),
      ),
      caughtBy: [`${method} answers with the running query when the wait is over, and not before`],
    },
    {
      flaw: `waits the whole time in ${method}`,
      breaks: inWait(method, async (call, { waitForCompletionTimeoutMs }, { harness }) => {
        const query = await call()
        await sleep(harness, waitForCompletionTimeoutMs)
        return query
      }),
      caughtBy: [`${method} ends its wait when the query completes`],
    },
    {
      flaw: `caps a wait in ${method}`,
      breaks: inWait(method, (call, { waitForCompletionTimeoutMs }) =>
        call({ waitForCompletionTimeoutMs: Math.min(waitForCompletionTimeoutMs, 3_000) }),
      ),
      caughtBy: [`${method} waits until the query completes with a wait of Infinity`],
    },
    {
      flaw: `goes on waiting for a failed query in ${method}`,
      breaks: inWait(method, (call) => call().catch(never)),
      caughtBy: [
        `${method} ends its wait with the error when the query fails`,
        ...(method === 'get' ? ['get rejects at once about a failed query, however long the wait'] : []),
      ],
    },
    {
      flaw: `rejects when the signal fires in ${method}`,
      breaks: inWait(method, async (call, { signal }) => {
        const query = await call()
        if (query?.isRunning) signal?.throwIfAborted()
        return query
      }),
      caughtBy: [
        `${method} ends its wait without an error when its signal fires, and the query runs on`,
        `${method} does not wait when its signal has fired already`,
      ],
    },
    {
      flaw: `deletes the query when the signal fires in ${method}`,
      breaks: inWait(method, async (call, { signal }, { good }) => {
        const query = await call()
        if (query?.id && signal?.aborted) await good.delete(query.id, alice)
        return query
      }),
      caughtBy: [`${method} ends its wait without an error when its signal fires, and the query runs on`],
    },
    {
      flaw: `ignores a signal that has fired before in ${method}`,
      breaks: inWait(method, (call, { signal }) =>
        call(signal?.aborted ? { signal: new AbortController().signal } : {}),
      ),
      caughtBy: [`${method} does not wait when its signal has fired already`],
    },
  ]
}

const brokenTogether: readonly BrokenStore[] = [
  {
    flaw: 'waits for a query that has completed',
    breaks: inWait('get', async (call, { waitForCompletionTimeoutMs }, { harness }) => {
      const query = await call({ waitForCompletionTimeoutMs: 0 })
      if (query?.isRunning === false) await sleep(harness, waitForCompletionTimeoutMs)
      return query
    }),
    caughtBy: ['get answers at once about a finished query, however long the wait'],
  },
  {
    flaw: 'answers at most ten waits on one query',
    breaks(good) {
      const waits = new Map<string, number>()
      return {
        get(id, owner, options) {
          const count = (waits.get(id) ?? 0) + 1
          waits.set(id, count)
          return count > 10 ? never() : good.get(id, owner, options)
        },
      }
    },
    caughtBy: ['a hundred waits on one query all end when it completes'],
  },
  {
    flaw: 'gives all waits on one query the time of the first',
    breaks(good) {
      const waits = new Map<string, Promise<AsyncQuery | undefined>>()
      return {
        get(id, owner, options) {
          const wait = waits.get(id) ?? good.get(id, owner, options)
          waits.set(id, wait)
          return wait
        },
      }
    },
    caughtBy: ['waits on one query end each at its own time'],
  },
  {
    flaw: 'ends all waits when one signal fires',
    breaks(good) {
      const anyFired = new AbortController()
      return {
        get(id, owner, options) {
          options.signal?.addEventListener('abort', () => anyFired.abort())
          return good.get(id, owner, { ...options, signal: anyFired.signal })
        },
      }
    },
    caughtBy: ['a signal ends only the wait that it was given to'],
  },
  {
    flaw: 'leaves a listener behind',
    breaks: inWait('get', (call, { signal }) => {
      signal?.addEventListener('abort', () => {})
      return call()
    }),
    caughtBy: ['a wait that has ended leaves no listener on its signal'],
  },
  {
    flaw: 'leaves a timer behind',
    breaks: inWait('get', (call, { waitForCompletionTimeoutMs }, { harness }) => {
      void sleep(harness, waitForCompletionTimeoutMs)
      return call()
    }),
    caughtBy: ['a wait that has ended leaves no timer'],
  },
]

export const brokenWaits: readonly BrokenStore[] = [
  ...brokenWaitsIn('submit'),
  ...brokenWaitsIn('get'),
  ...brokenTogether,
]
