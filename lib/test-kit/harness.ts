import type { Owner } from '../core/caller'
import type { QueryError } from '../core/errors'
import type { QueryResult } from '../core/result'
import type { AsyncQueryStore, QueryRequest, SubmitOptions } from '../core/store'

/** `describe` and `it` of any test runner: Jest, Vitest, Mocha and node:test all fit. */
export interface TestRunner {
  describe(name: string, body: () => void): void
  it(name: string, body: () => Promise<void>): void
}

/** A method that a store may leave out. */
export type OptionalMethod = 'submit' | 'stop' | 'delete' | 'close'

/** How a query is put into a store that has no submit. */
export type SeedOptions = Pick<SubmitOptions, 'keepAliveMs' | 'keepOnCompletion'>

/**
 * The texts of five queries. The backend under test makes come true what their names say: by an executor that
 * looks at the text, by recorded exchanges of a stand-in, or because the text really takes its time.
 */
export interface HarnessQueries {
  /** Completes at once, with the result `outcomes.completes`. */
  completes: string
  /** The same, but not before `release` is called. */
  completesLater: string
  /** Has found the rows of `outcomes.stopped`, and goes on until it is interrupted. */
  keepsRunning: string
  /** Fails at once, with the error `outcomes.fails`. */
  fails: string
  /** The same, but not before `release` is called. */
  failsLater: string
}

/** What the queries come to, in the form in which the store gives it back. */
export interface HarnessOutcomes {
  /**
   * Columns, values, and the statistics that the store is to keep. {@link EVERY_TYPE} has all that a backend might
   * spoil. Where yours cannot produce it, put in what it can: an integer beyond 2^53, a null, a multi-value.
   *
   * What the store gives back must equal it, cell by cell and in the same form: `2` is neither `2n` nor `'2'`.
   */
  completes: QueryResult
  /** What a stop keeps of `keepsRunning`. Needed for a store that offers stop. */
  stopped?: QueryResult
  /** Its type, reason, status and metadata are compared. */
  fails: QueryError
}

/** What an implementer supplies to run the contract. */
export interface StoreHarness {
  /** A fresh, empty store that shares nothing with earlier ones. Called for each test, which closes it. */
  create(): Promise<AsyncQueryStore>
  /** The optional methods that the store has. @default all of them */
  offers?: readonly OptionalMethod[]
  queries: HarnessQueries
  outcomes: HarnessOutcomes
  /**
   * Lets the queries `completesLater` and `failsLater` that run now end, within {@link StoreHarness.stepMs}. For
   * a backend that cannot be told, it may wait until they have ended by themselves.
   */
  release(): Promise<void>
  /**
   * Puts a query in a store that has no submit, and resolves with its id. `request.query` is one of
   * {@link StoreHarness.queries}. Needed for such a store, and called for no other.
   */
  seed?(store: AsyncQueryStore, request: QueryRequest, owner: Owner, options: SeedOptions): Promise<string>
  /**
   * Lets time pass for the stores, in milliseconds; `advance` of a {@link ManualClock} that they were given
   * does. Left out, the kit waits in real time.
   */
  advance?(ms: number): Promise<void>
  /**
   * The waits and keep-alives of the tests are small multiples of this many milliseconds. Raise it for a
   * backend that is slow, or that tells only whole seconds apart.
   *
   * @default 1_000 with `advance`, 100 without
   */
  stepMs?: number
  /** How long, in real milliseconds, a test waits for what must come about at once. @default 10_000 */
  patienceMs?: number
  /** An id of the shape that the store gives out, of no query. @default one of Elasticsearch's shape */
  unknownId?: string
  /**
   * How many queries the backend is working on. With it, the kit checks that queries end when they are
   * stopped, deleted or expire, and not only that the store says so.
   */
  countRunning?(): number | Promise<number>
  /**
   * How many timers the stores have pending; `pendingTimers` of a {@link ManualClock} knows. With it, the kit
   * checks that waits and close leave none behind.
   */
  pendingTimers?(): number
}

export const ALL_METHODS: readonly OptionalMethod[] = ['submit', 'stop', 'delete', 'close']

/** A harness, and its settings with the defaults filled in. */
export interface ResolvedHarness {
  harness: StoreHarness
  offers: readonly OptionalMethod[]
  stepMs: number
  patienceMs: number
  unknownId: string
}

/** Throws a `TypeError` where something is missing that the offered methods need. */
export function resolveHarness(harness: StoreHarness): ResolvedHarness {
  const {
    offers = ALL_METHODS,
    stepMs = harness.advance ? 1_000 : 100,
    patienceMs = 10_000,
    unknownId = 'FkpMRkJGS1gzVDRlM3g4ZzMyRGlLbkEaTXlJZHdNT09TU2VTZVBoNDM3cFZMUToxMDM=',
  } = harness
  if (!offers.includes('submit') && !harness.seed) {
    throw new TypeError('A harness for a store without submit needs `seed`')
  }
  if (offers.includes('stop') && !harness.outcomes.stopped) {
    throw new TypeError('A harness for a store with stop needs `outcomes.stopped`')
  }
  return { harness, offers, stepMs, patienceMs, unknownId }
}
