import type { Owner } from '../core/caller'
import type { QueryError } from '../core/errors'
import type { SubmitOptions } from '../core/operations'
import type { QueryResult } from '../core/result'
import type { AsyncQueryStore, QueryRequest } from '../core/store'

/** `describe` and `it` of any test runner: Jest, Vitest, Mocha and node:test all fit. */
export interface TestRunner {
  describe(name: string, body: () => void): void
  it(name: string, body: () => Promise<void>): void
}

/** A method that a store may leave out. */
export type OptionalMethod = 'submit' | 'stop' | 'delete' | 'list' | 'close'

/** How a query is put into a store that has no submit. */
export type SeedOptions = Pick<SubmitOptions, 'keepAliveMs' | 'keepOnCompletion'>

/**
 * The texts of the queries. The backend under test does what their names say: by an executor that looks at the text,
 * by recorded exchanges of a stand-in, or because the text really takes its time.
 */
export interface HarnessQueries {
  /** Completes at once, with the result `outcomes.completes`. */
  completes: string
  /** Does the same, but not before `release` is called. */
  completesLater: string
  /** Has found the rows of `outcomes.stopped`, and goes on until it is interrupted. */
  keepsRunning: string
  /** Fails at once, with the error `outcomes.fails`. */
  fails: string
  /** Does the same, but not before `release` is called. */
  failsLater: string
  /** Completes at once, with the result `outcomes.completesLarge`. Left out, the group *large results* is skipped. */
  completesLarge?: string
}

/** The outcomes of the queries, in the form in which the store returns them. */
export interface HarnessOutcomes {
  /**
   * Columns, values, and the statistics that the store has to keep. {@link EVERY_TYPE} has every value that a backend
   * might spoil. Where yours cannot produce it, use what it can: an integer beyond 2^53, a null, a multi-value.
   *
   * The store must return an equal result, cell by cell and in the same form: `2` is neither `2n` nor `'2'`.
   */
  completes: QueryResult
  /** Needed with `queries.completesLarge`: so many rows that the store returns them in several batches. */
  completesLarge?: QueryResult
  /** The rows of `keepsRunning` that a stop keeps. Needed for a store that offers stop. */
  stopped?: QueryResult
  /** The tests compare its type, reason, status and metadata. */
  fails: QueryError
}

/** Connects the contract to a store: the implementer of the store supplies it. */
export interface StoreHarness {
  /** A fresh, empty store that shares nothing with earlier ones. Called for each test, which closes it. */
  create(): Promise<AsyncQueryStore>
  /**
   * The optional methods that the store has. Name `list` here to have it checked.
   *
   * @default submit, stop, delete and close
   */
  offers?: readonly OptionalMethod[]
  /** The texts of the queries that the tests submit. */
  queries: HarnessQueries
  /** What becomes of them. */
  outcomes: HarnessOutcomes
  /**
   * Lets the running queries `completesLater` and `failsLater` end, within {@link StoreHarness.stepMs}. With a backend
   * that takes no such orders, it may wait until they have ended by themselves.
   */
  release(): Promise<void>
  /**
   * A second store on the data of this one, as another process has. With it, the kit checks that each of them serves the queries of
   * the other. The kit closes it before the first one.
   */
  replica?(store: AsyncQueryStore): Promise<AsyncQueryStore>
  /**
   * Ends what is the process of the store, in order or not, and resolves with a store on the same data. With it, the kit checks what
   * survives: finished queries do, and running ones fail or run again. The kit closes both stores, the new one first.
   */
  restart?(store: AsyncQueryStore): Promise<AsyncQueryStore>
  /**
   * Puts a query into a store that has no submit, and resolves with its id. `request.query` is one of
   * {@link StoreHarness.queries}. Only such a store needs it.
   */
  seed?(store: AsyncQueryStore, request: QueryRequest, owner: Owner, options: SeedOptions): Promise<string>
  /**
   * Lets time pass for the stores, in milliseconds, as `advance` of their {@link ManualClock} does. Left out, the kit
   * waits in real time.
   */
  advance?(ms: number): Promise<void>
  /**
   * The waits and keep-alives of the tests are small multiples of this many milliseconds. Raise it for a
   * backend that is slow, or that counts whole seconds only.
   *
   * @default 1_000 with `advance`, 100 without
   */
  stepMs?: number
  /**
   * How long the store knows the key of a query that it does not keep, in milliseconds: at least two steps, at most a hundred.
   * With it, the kit checks a store with `idempotentSubmit`. Set it shorter for the tests than your users have it.
   */
  idempotencyWindowMs?: number | undefined
  /** How long a test waits for what must happen at once, in real milliseconds. @default 10_000 */
  patienceMs?: number
  /** An id of the store's shape that no query has. @default one of Elasticsearch's shape */
  unknownId?: string
  /**
   * How many queries the backend is working on. With it, the kit checks that queries really end when they are
   * stopped, deleted or expire.
   */
  countRunning?(): number | Promise<number>
  /**
   * How many timers the stores have pending, as `pendingTimers` of their {@link ManualClock} counts them. With it, the
   * kit checks that waits and close leave none behind.
   */
  pendingTimers?(): number
}

const DEFAULT_METHODS: readonly OptionalMethod[] = ['submit', 'stop', 'delete', 'close']

/** A harness, and its settings with the defaults filled in. */
export type ResolvedHarness = ReturnType<typeof resolveHarness>

/** Throws a `TypeError` where something is missing that the offered methods need. */
export function resolveHarness(harness: StoreHarness) {
  const {
    offers = DEFAULT_METHODS,
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
  if (harness.queries.completesLarge !== undefined && !harness.outcomes.completesLarge) {
    throw new TypeError('A harness with the query `completesLarge` needs `outcomes.completesLarge`')
  }
  /** The methods that a store has or lacks as the harness says. Harnesses that name none are older than `list`. */
  const settled: readonly OptionalMethod[] = [
    ...DEFAULT_METHODS,
    ...(harness.offers ? ['list' as const] : []),
  ]
  return { harness, offers, settled, stepMs, patienceMs, unknownId }
}
