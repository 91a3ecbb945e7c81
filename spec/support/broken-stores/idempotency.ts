import type { Owner } from '../../../lib/core/caller'
import { illegalArgument, isQueryError } from '../../../lib/core/errors'
import type { SubmitOptions } from '../../../lib/core/operations'
import type { AsyncQuery } from '../../../lib/core/store'
import type { MemoryHarness } from '../memory-harness'
import type { BrokenStore, FullStore } from './broken-store'
import { AT_ONCE } from './broken-store'

interface Submit {
  /** The correct version. */
  call(options?: SubmitOptions): Promise<AsyncQuery>
  options: SubmitOptions
  owner: Owner
  key: string
  /** The answer to the first submit with this key. */
  first: Answered | undefined
}

interface Answered {
  answer: AsyncQuery | undefined
  /** Of the submit. */
  atMs: number
  options: SubmitOptions
  owner: Owner
}

/** A flaw of submits that have a key. */
function inKeyed(
  submitKeyed: (submit: Submit, good: FullStore, harness: MemoryHarness) => Promise<AsyncQuery>,
): BrokenStore['breaks'] {
  return (good, harness) => {
    const firsts = new Map<string, Answered>()
    return {
      async submit(request, owner, options) {
        if (!options.idempotency) return good.submit(request, owner, options)
        const { key } = options.idempotency
        const first = firsts.get(key)
        const begun = { answer: undefined, atMs: harness.clock.now(), options, owner }
        if (!first) firsts.set(key, begun)
        const call = (changed = options) => good.submit(request, owner, changed)
        const answer = await submitKeyed({ call, options, owner, key, first }, good, harness)
        if (!first) firsts.set(key, { ...begun, answer })
        return answer
      },
    }
  }
}

/** A flaw in the use of the options. */
function inOptions(change: (submit: Submit, harness: MemoryHarness) => SubmitOptions): BrokenStore['breaks'] {
  return inKeyed((submit, _, harness) => submit.call(change(submit, harness)))
}

function withoutKey({ idempotency: _, ...options }: SubmitOptions): SubmitOptions {
  return options
}

function withKey(options: SubmitOptions, change: { key?: string; fingerprint?: string }): SubmitOptions {
  return { ...options, idempotency: { key: '', fingerprint: '', ...options.idempotency, ...change } }
}

const RUNS = 'submit with a known key starts nothing and answers with the query that runs'
const KEPT = 'submit with a known key answers with the result of a kept query'
const AT_THE_SAME_TIME = 'submits at the same time with one key start one query'
const WAITS = 'each submit with one key waits as long as it asks'
const EXPIRY = 'submit with a known key does not move the expiry'
const ID = 'submit with a known key leaves the query to those who have its id'
const REFUSED = 'submit with a known key and another fingerprint is refused with 422'
const UNKEPT = 'submit with the key of a completed query that is not kept answers the same, without an id'
const FAILED = 'submit with the key of a failed query fails with the same error'
const ENDS = 'the key of a query that is not kept ends, however often it comes'
const KNOWN = 'a key is known as long as its query'
const FOREIGN = 'the key of another owner is unknown'

export const brokenIdempotencies: readonly BrokenStore[] = [
  {
    flaw: 'does not say that it obeys keys',
    breaks: () => ({ idempotentSubmit: undefined }),
    caughtBy: ['the store says that it obeys keys'],
  },
  {
    flaw: 'ignores keys',
    breaks: inOptions(({ options }) => withoutKey(options)),
    caughtBy: [RUNS, KEPT, AT_THE_SAME_TIME, EXPIRY, ID, REFUSED, UNKEPT, FAILED, KNOWN, FOREIGN],
  },
  {
    flaw: 'knows a key once the first submit has its answer',
    breaks: inOptions(({ options, first }) => (first && !first.answer ? withoutKey(options) : options)),
    caughtBy: [AT_THE_SAME_TIME],
  },
  {
    flaw: 'waits as the first submit with a key asked',
    breaks: inOptions(({ options, first = { options } }) => ({
      ...options,
      waitForCompletionTimeoutMs: first.options.waitForCompletionTimeoutMs,
    })),
    caughtBy: [WAITS],
  },
  {
    flaw: 'renews the keep-alive when a submit comes again',
    breaks: inKeyed(async ({ call, owner, options }, good) => {
      const answer = await call()
      if (answer.id) await good.get(answer.id, owner, { ...AT_ONCE, keepAliveMs: options.keepAliveMs })
      return answer
    }),
    caughtBy: [EXPIRY],
  },
  {
    flaw: 'forgets a query that is not kept when a submit that comes again answers with its end',
    breaks: inKeyed(async ({ call, owner, first }, good) => {
      const answer = await call()
      if (!answer.id && first?.answer?.id) await good.delete(first.answer.id, owner)
      return answer
    }),
    caughtBy: [ID],
  },
  {
    flaw: 'ignores the fingerprint',
    breaks: inOptions(({ options }) => withKey(options, { fingerprint: 'any' })),
    caughtBy: [REFUSED],
  },
  {
    flaw: 'refuses another fingerprint with 400',
    breaks: inKeyed(({ call }) =>
      call().catch((error: unknown) => {
        throw isQueryError(error) && error.status === 422 ? illegalArgument(error.reason) : error
      }),
    ),
    caughtBy: [REFUSED],
  },
  {
    flaw: 'compares keys without their case',
    breaks: inOptions(({ options, key }) => withKey(options, { key: key.toLowerCase() })),
    caughtBy: ['submits with two keys, or without any, start a query each'],
  },
  {
    flaw: 'compares keys without their blanks',
    breaks: inOptions(({ options, key }) => withKey(options, { key: key.trim() })),
    caughtBy: ['submits with two keys, or without any, start a query each'],
  },
  {
    flaw: 'shares keys among owners',
    breaks: (good) => {
      const owners = new Map<string, Owner>()
      return {
        submit(request, owner, options) {
          const { key } = options.idempotency ?? {}
          if (key === undefined) return good.submit(request, owner, options)
          owners.set(key, owners.get(key) ?? owner)
          return good.submit(request, owners.get(key) ?? owner, options)
        },
      }
    },
    caughtBy: [FOREIGN],
  },
  {
    flaw: 'gives an id to a query that is not kept when its submit comes again',
    breaks: inKeyed(async ({ call, first }) => {
      const answer = await call()
      return first ? { ...answer, id: answer.id ?? 'x' } : answer
    }),
    caughtBy: [UNKEPT],
  },
  {
    flaw: 'runs a failed query again',
    breaks: (good) => {
      const failed = new Set<string>()
      return {
        async submit(request, owner, options) {
          const key = options.idempotency?.key ?? ''
          try {
            return await good.submit(request, owner, failed.has(key) ? withoutKey(options) : options)
          } catch (error) {
            failed.add(key)
            throw error
          }
        },
      }
    },
    caughtBy: [FAILED],
  },
  {
    flaw: 'knows the key of a query that is not kept as long as it comes',
    breaks: (good, { clock, idempotencyWindowMs = 0 }) => {
      const answers = new Map<string, { answer: AsyncQuery; endMs: number }>()
      return {
        async submit(request, owner, options) {
          const { key } = options.idempotency ?? {}
          const known = key === undefined ? undefined : answers.get(key)
          const isKnown = known && clock.now() < known.endMs
          const answer = isKnown ? known.answer : await good.submit(request, owner, options)
          if (key !== undefined && answer.id === undefined) {
            const endMs = Math.min(clock.now() + idempotencyWindowMs, answer.expirationTimeMs ?? 0)
            answers.set(key, { answer, endMs })
          }
          return answer
        },
      }
    },
    caughtBy: [ENDS],
  },
  {
    flaw: 'forgets each key after the same time',
    breaks: inOptions(({ options, first }, { clock, idempotencyWindowMs = 0 }) =>
      first && clock.now() > first.atMs + idempotencyWindowMs ? withoutKey(options) : options,
    ),
    caughtBy: [KNOWN],
  },
  {
    flaw: 'knows keys of expired queries',
    breaks: inKeyed(async ({ call, first }, _, { clock }) => {
      const { answer } = first ?? {}
      return answer && (answer.expirationTimeMs ?? 0) <= clock.now() ? answer : call()
    }),
    caughtBy: ['a key ends when its query expires'],
  },
  {
    flaw: 'knows keys of deleted queries',
    breaks: (good) => {
      const ids = new Map<string | undefined, AsyncQuery>()
      const deleted = new Set<string>()
      return {
        async submit(request, owner, options) {
          const { key } = options.idempotency ?? {}
          const known = ids.get(key)
          if (key !== undefined && known?.id !== undefined && deleted.has(known.id)) return known
          const answer = await good.submit(request, owner, options)
          if (key !== undefined) ids.set(key, answer)
          return answer
        },
        delete(id, owner, options) {
          deleted.add(id)
          return good.delete(id, owner, options)
        },
      }
    },
    caughtBy: ['a key ends when its query is deleted'],
  },
]
