import type { RequestListener } from 'node:http'
import type { Clock } from '../core/clock'
import { untouchedClock } from '../core/clock'
import type { ClusterRecorder } from '../record/cluster-recorder'
import { MemoryStore } from '../stores/memory/memory-store'
import type { ManualClock } from '../test-kit/manual-clock'
import { createDoubleApp } from './app'
import { Barrier } from './barrier'
import { openCatalogue } from './catalogue'
import { callerByCredentials } from './credentials'
import { DividedStore } from './divided-store'
import { DoubleStore } from './double-store'
import { readDuration } from './duration'
import type { Unknown } from './engine'
import { describeUnknown, Engine } from './engine'
import type { Fault } from './faults/fault'
import { PlannedFaults } from './faults/planned-faults'
import { Journal } from './journal'
import type { JournalEntry, JournalFilter } from './journal-entry'
import { fitsEntry } from './journal-entry'
import { LoopbackServer } from './loopback-server'
import type { DoubleOperation } from './operations'
import type { DoubleOptions } from './options'
import { resolveDoubleOptions, routerLimits, storeLimits } from './options'
import type { DoubleQuery } from './queries/double-query'
import type { RunningDouble } from './queries/running-double'
import type { CatalogueBook } from './scripts/catalogue-book'
import type { Script } from './scripts/script'
import type { Announcement, Params } from './scripts/script-book'
import { ScriptBook } from './scripts/script-book'
import { StandingClock } from './standing-clock'
import { startRecording } from './start-recording'

/** A server of this API that answers as a test says. It is the router and the `MemoryStore` of this package. */
export interface Double extends AsyncDisposable {
  /** Where it listens, on this machine: `http://127.0.0.1:41234`. */
  readonly url: string
  /** The time of its queries. It is a {@link ManualClock} with `clock: 'manual'`. */
  readonly clock: ManualClock | Clock
  /**
   * A script for queries of this text and, where they are given, these params. Blanks, comments and the case of commands do not
   * count in a text. Of several scripts, the last one that fits is taken. A query without one fails with a
   * `verification_exception`, 400, that names the closest known one.
   */
  on(query: string | RegExp, params?: Params): Script
  /**
   * The query that runs under this text, for tests that drive it by hand: the last one of several. Waits until there is one, and
   * a query that nothing else is known about is not refused then.
   */
  running(query: string): Promise<RunningDouble>
  /**
   * Resolves when exactly so many requests wait for a query or are held back by a fault, and every other one that has arrived is
   * answered.
   */
  waiting(requests: number): Promise<void>
  /**
   * Lets time pass: milliseconds, or a time value such as `3s`. What falls due meanwhile is answered when all of the time has
   * passed. Throws a `TypeError` unless the clock is `'manual'`.
   */
  advance(time: string | number): Promise<void>
  /** Plans a fault for the next requests of an operation. `times` counts more than that of the fault. */
  fault(operation: DoubleOperation, fault: Fault, times?: number): void
  /** The journal: every request since the start or the last reset, in the order of their arrival. */
  readonly requests: readonly JournalEntry[]
  /** The entries that are like this: `{ operation: 'submit', status: 200 }`. */
  requestsFor(filter: JournalFilter): readonly JournalEntry[]
  /**
   * Throws an `Error` that lists what is left over: a query that was unknown, a script with `once`, `times` or `then` that was not
   * used as often, a fault that never came true, a query that still runs. It resets the double then, so that the next test does
   * not fail of the same.
   */
  assertDone(): void
  /**
   * Forgets scripts, faults, journal and queries, for the next test. What waits for a query gets a 400, and what a fault holds back
   * loses its connection. The clock goes on from its time.
   */
  reset(): void
  /** Ends everything, connections included. May be called again. */
  close(): Promise<void>
}

/**
 * Starts a double on this machine, for tests of clients: a server that answers as the test says, over HTTP. It behaves as the
 * server of Elasticsearch 9.5.
 *
 * ```ts
 * const double = await startDouble({ clock: 'manual' })
 * double.on('FROM logs').runsFor('3s').completes({ columns: [{ name: 'host', type: 'keyword' }], values: [['a']] })
 * const table = loadTable(double.url, 'FROM logs')
 * await double.waiting(1)
 * await double.advance('3s')
 * ```
 *
 * Rejects with a `TypeError` for wrong options, and with an `Error` with `NODE_ENV=production` or if the port is taken.
 */
export async function startDouble(options: DoubleOptions = {}): Promise<Double> {
  return openDouble(resolveDoubleOptions(options))
}

/** A double with these options. `onProgress` is told of what is recorded. */
export async function openDouble(
  options: ReturnType<typeof resolveDoubleOptions>,
  onProgress?: (line: string) => void,
): Promise<HttpDouble> {
  const recorder = await startRecording(options.record, onProgress)
  try {
    const double = new HttpDouble(options, recorder)
    await double.listen()
    return double
  } catch (error) {
    await recorder?.close()
    throw error
  }
}

/** A double, with what only its control asks. */
export class HttpDouble implements Double {
  /** Serves one request, for a server of somebody else. */
  readonly app: RequestListener
  readonly release: '9.5' | '8.19'
  readonly clock: StandingClock | Clock
  readonly #standing: StandingClock | undefined
  readonly #scripts = new ScriptBook()
  readonly #catalogue: CatalogueBook
  readonly #faults = new PlannedFaults()
  readonly #journal: Journal
  readonly #barrier: Barrier
  readonly #engine: Engine
  readonly #store: DoubleStore
  readonly #server: LoopbackServer
  readonly #port: number
  /** What it records with, if it does. */
  readonly recorder: ClusterRecorder | undefined
  #closing: Promise<void> | undefined

  constructor(options: ReturnType<typeof resolveDoubleOptions>, recorder?: ClusterRecorder) {
    const { clock, users, anonymous, release, port, waitByDefault, limits } = options
    this.#port = port
    this.recorder = recorder
    this.release = release
    this.#standing = clock === 'manual' ? new StandingClock() : undefined
    this.clock = this.#standing ?? untouchedClock
    const onChange = (): void => this.#barrier.look()
    this.#journal = new Journal(this.clock, onChange)
    this.#barrier = new Barrier(this.#journal.open, clock === 'manual')
    const store = () => this.#store.inner
    this.#catalogue = openCatalogue(options.catalogue, options.record, options.delays === 'recorded')
    this.#engine = new Engine([this.#scripts, this.#catalogue], {
      journal: this.#journal,
      clock: this.clock,
      onChange,
      store,
    })
    const { queries } = this.#engine
    this.#store = new DoubleStore({
      create: () =>
        new MemoryStore({
          execute: (request, context) => this.#engine.execute(request, context),
          limitKeepAlive: (request) => this.#engine.keepAliveMs(request),
          clock: this.clock,
          ...storeLimits(limits),
        }),
      journal: this.#journal,
      queries,
      standing: this.#standing,
      tellsTimes: release !== '8.19',
    })
    this.app = createDoubleApp({
      store: recorder
        ? new DividedStore(this.#store, recorder.store, (request) => this.#engine.knows(request))
        : this.#store,
      journal: this.#journal,
      faults: this.#faults,
      clock: this.clock,
      isGateway: recorder !== undefined,
      resolveCaller: callerByCredentials({ users, anonymous }),
      release,
      router: { waitByDefault, ...routerLimits(limits) },
    })
    this.#server = new LoopbackServer(this.app)
  }

  get requests(): readonly JournalEntry[] {
    return this.#journal.entries
  }

  get url(): string {
    return this.#server.url
  }

  /** The queries that nobody has announced. */
  get unknown(): readonly Unknown[] {
    return this.#engine.unknown
  }

  /** The queries that run now. */
  get runningNow(): readonly DoubleQuery[] {
    return this.#engine.queries.running
  }

  /** How many requests are not answered, and how many of them wait. */
  get counts(): { open: number; waiting: number } {
    return this.#barrier.counts
  }

  listen(): Promise<void> {
    return this.#server.listen(this.#port)
  }

  /** A script that is written as an entry of a catalogue. */
  announce(announcement: Announcement): void {
    this.#scripts.announce(announcement)
  }

  on(query: string | RegExp, params?: Params): Script {
    return this.#scripts.on(query, params)
  }

  /** `signal` ends the search. */
  async running(query: string, signal?: AbortSignal): Promise<RunningDouble> {
    return this.#engine.queries.search(query, signal)
  }

  /** `signal` ends the wait. */
  waiting(requests: number, signal?: AbortSignal): Promise<void> {
    return this.#barrier.waiting(requests, signal)
  }

  async advance(time: string | number): Promise<void> {
    await this.standing().advance(readDuration('advance', time))
  }

  /** Throws a `TypeError` for a clock that goes by itself. */
  standing(): StandingClock {
    if (this.#standing) return this.#standing
    throw new TypeError("advance needs a clock that stands still: startDouble({ clock: 'manual' })")
  }

  fault(operation: DoubleOperation, fault: Fault, times?: number): void {
    this.#faults.add(operation, fault, times)
  }

  requestsFor(filter: JournalFilter): readonly JournalEntry[] {
    return this.requests.filter((entry) => fitsEntry(entry, filter))
  }

  assertDone(): void {
    const { unknown, queries } = this.#engine
    const left = [
      ...unknown.map(describeUnknown),
      ...this.#scripts.unused,
      ...this.#faults.unmet,
      ...queries.running.map(({ text }) => `the query still runs: ${text}`),
    ]
    if (left.length === 0) return
    this.reset()
    throw new Error(['the double is not done:', ...left].join('\n- '))
  }

  reset(): void {
    this.#forget('the double was reset')
    this.#store.reset()
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    this.#forget('the double was closed')
    await this.#server.close()
    await this.#store.close()
    await this.recorder?.close()
  }

  #forget(why: string): void {
    this.#scripts.forget()
    this.#catalogue.forget()
    this.#faults.forget()
    this.#journal.forget()
    this.#engine.forget(why)
    this.#barrier.close(why)
  }
}
