import type { Caller, Owner } from '../core/caller'
import { systemClock } from '../core/clock'
import { QueryError } from '../core/errors'
import { DEFAULT_KEEP_ALIVE_MS } from '../core/operations'
import type { AsyncQuery, AsyncQueryStore, QueryRequest } from '../core/store'
import { nextTurn } from '../core/turns'

/** A store that can delete is asked once. The keep-alive is that which Elasticsearch shows, and ends nothing. */
const AT_ONCE = { waitForCompletionTimeoutMs: Number.POSITIVE_INFINITY, keepAliveMs: DEFAULT_KEEP_ALIVE_MS }

/** Any other store is asked again and again. It forgets the query soon after the last time. */
const IN_SLICES = { waitForCompletionTimeoutMs: 10_000, keepAliveMs: 30_000 }

/** How long a client waits for a store that ends a query whose time is over, in milliseconds. It may do that in an outage. */
const LONGEST_END_MS = 2_000

interface Submitter {
  owner: Owner
  caller: Caller
}

/**
 * Runs a query to its end in a store, which then has nothing of it. When the signal fires earlier, it deletes the query
 * and resolves with `undefined`, whether or not the store has done its part by then.
 */
export function runToEnd(
  store: AsyncQueryStore,
  request: QueryRequest,
  submitter: Submitter,
  signal: AbortSignal,
  clock = systemClock,
): Promise<AsyncQuery | undefined> {
  return new Promise((resolve, reject) => {
    let cancelTimer = (): void => {}
    const leave = (): void => {
      cancelTimer = clock.setTimer(() => resolve(undefined), LONGEST_END_MS)
    }
    signal.addEventListener('abort', leave, { once: true })
    if (signal.aborted) leave()
    void run(store, request, submitter, signal)
      .then(resolve, reject)
      .finally(() => {
        signal.removeEventListener('abort', leave)
        cancelTimer()
      })
  })
}

async function run(
  store: AsyncQueryStore,
  request: QueryRequest,
  { owner, caller }: Submitter,
  signal: AbortSignal,
): Promise<AsyncQuery | undefined> {
  if (!store.submit) throw new TypeError('The store has no submit')
  const options = { signal, ...(store.delete ? AT_ONCE : IN_SLICES) }
  const first = await store.submit(request, owner, { keepOnCompletion: false, caller, ...options })
  if (!first.isRunning) return first
  const { id } = first
  try {
    while (!signal.aborted) {
      if (store.delete) throw new QueryError('exception', 'the store has not waited for the end of the query')
      // A store that does not wait at all must not stop everything else.
      await nextTurn()
      const later = await store.get(id, owner, options)
      if (!later) throw new QueryError('task_cancelled_exception', 'task cancelled')
      if (!later.isRunning) return later
    }
    return undefined
  } finally {
    await store.delete?.(id, owner)
  }
}
