import type { WaitOptions } from '../../../lib/core/operations'
import type { AsyncQuery, AsyncQueryStore, CompletedQuery } from '../../../lib/core/store'
import type { MemoryHarness } from '../memory-harness'

export type FullStore = Required<Omit<AsyncQueryStore, 'passThrough' | 'hold' | 'check'>>

/** Methods that replace those of a correct store. `undefined` removes the method. */
export type Flaw = { [Name in keyof FullStore]?: FullStore[Name] | undefined }

/** A store that breaks a promise of the contract, and the tests that must fail. */
export interface BrokenStore {
  flaw: string
  breaks(good: FullStore, harness: MemoryHarness): Flaw
  /** The flaw of a second store on the same data. */
  breaksReplica?(good: FullStore): Flaw
  /** The flaw of the store after a restart. */
  breaksRestart?(good: FullStore): Flaw
  caughtBy: readonly string[]
}

/** The methods of a store, for an object that replaces some of them. */
export function methodsOf(store: FullStore): FullStore {
  return {
    idempotentSubmit: store.idempotentSubmit,
    get: store.get.bind(store),
    submit: store.submit.bind(store),
    stop: store.stop.bind(store),
    delete: store.delete.bind(store),
    list: store.list.bind(store),
    close: store.close.bind(store),
  }
}

type Answer = Promise<AsyncQuery | undefined>

/** A flaw of `submit` or `get`: `options` has the wait, and `call` is the correct version. */
export function inWait(
  method: 'submit' | 'get',
  wait: (
    call: (changes?: Partial<WaitOptions>) => Answer,
    options: WaitOptions,
    context: { good: FullStore; harness: MemoryHarness },
  ) => Answer,
): BrokenStore['breaks'] {
  return (good, harness) =>
    method === 'get'
      ? {
          get: (id, owner, options) =>
            wait((changes) => good.get(id, owner, { ...options, ...changes }), options, { good, harness }),
        }
      : {
          submit: async (request, owner, options) => {
            const query = await wait(
              (changes) => good.submit(request, owner, { ...options, ...changes }),
              options,
              { good, harness },
            )
            if (!query) throw new Error('submit has no answer')
            return query
          },
        }
}

/** A flaw in the answer of `get`. */
export function inAnswer(change: (query: AsyncQuery, id: string) => AsyncQuery): BrokenStore['breaks'] {
  return (good) => ({
    async get(id, owner, options) {
      const query = await good.get(id, owner, options)
      return query && change(query, id)
    },
  })
}

/** A flaw in the answer of `get` about a completed query. */
export function inCompleted(
  change: (query: CompletedQuery, id: string) => CompletedQuery,
): BrokenStore['breaks'] {
  return inAnswer((query, id) => (query.isRunning ? query : change(query, id)))
}

export function never(): Promise<never> {
  return new Promise(() => {})
}

/** Waits on the clock of the harness. */
export function sleep({ clock }: MemoryHarness, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.setTimer(resolve, ms)
  })
}

/** Answers at once. */
export const AT_ONCE = { waitForCompletionTimeoutMs: 0 }
