import { setImmediate as nextTurn } from 'node:timers/promises'
import type { AsyncQueryStore } from '../../lib/core/store'
import type { StoreHarness } from '../../lib/test-kit'
import { ManualClock } from '../../lib/test-kit/manual-clock'
import type { Cluster, ClusterQuery, Release } from './cluster'
import { startCluster } from './cluster'
import { MemoryHarness } from './memory-harness'
import { EVERY_TYPE_ON_THE_WIRE } from './wire-table'

type CreateStore = (url: string, clock: ManualClock) => AsyncQueryStore

/** Turns of the event loop in which requests and answers arrive. Both ends of each connection are in this process. */
const TURNS_TO_ARRIVE = 40

/** Resolves when everything between servers in this process has arrived. */
export async function arrival(): Promise<void> {
  for (let turn = 0; turn < TURNS_TO_ARRIVE; turn += 1) await nextTurn()
}

/** Advances the time at both ends of a connection. */
export async function advance(clock: ManualClock, ms: number, stepMs = 1_000): Promise<void> {
  await arrival()
  for (let passed = 0; passed < ms; passed += stepMs) {
    await clock.advance(Math.min(stepMs, ms - passed))
    await arrival()
  }
}

/** Runs the contract's queries on a store in front of the stand-in cluster, both with a clock that stands still. */
export class ClusterHarness implements StoreHarness {
  readonly clock = new ManualClock()
  readonly queries
  readonly outcomes
  readonly #release: Release
  readonly #createStore: CreateStore
  readonly #waiting: ClusterQuery[] = []
  readonly #clusters: Cluster[] = []

  constructor(release: Release, createStore: CreateStore) {
    this.#release = release
    this.#createStore = createStore
    const { queries, outcomes } = new MemoryHarness(EVERY_TYPE_ON_THE_WIRE)
    this.queries = queries
    this.outcomes = { ...outcomes, completes: withoutStatistics(outcomes.completes, release) }
  }

  /** The cluster of the store that was created last. */
  get cluster(): Cluster {
    const cluster = this.#clusters.at(-1)
    if (!cluster) throw new Error('No store was created')
    return cluster
  }

  async create(): Promise<AsyncQueryStore> {
    const execute = (query: ClusterQuery) => this.#execute(query)
    const cluster = await startCluster({ release: this.#release, clock: this.clock, execute })
    this.#clusters.push(cluster)
    return this.#createStore(cluster.url, this.clock)
  }

  async replica(): Promise<AsyncQueryStore> {
    return this.#createStore(this.cluster.url, this.clock)
  }

  async restart(store: AsyncQueryStore): Promise<AsyncQueryStore> {
    await store.close?.()
    return this.replica()
  }

  /** Ends the clusters. A store does not end its cluster. */
  async close(): Promise<void> {
    await Promise.all(this.#clusters.map((cluster) => cluster.close()))
  }

  async release(): Promise<void> {
    for (const query of this.#waiting.splice(0)) this.#end(query)
  }

  advance(ms: number): Promise<void> {
    return advance(this.clock, ms)
  }

  countRunning(): number {
    return this.cluster.running.length
  }

  #execute(query: ClusterQuery): void {
    switch (query.submitted.query) {
      case this.queries.keepsRunning:
        query.report(this.outcomes.stopped)
        return
      case this.queries.completesLater:
      case this.queries.failsLater:
        this.#waiting.push(query)
        return
      default:
        this.#end(query)
    }
  }

  #end(query: ClusterQuery): void {
    const { queries, outcomes } = this
    const fails: readonly string[] = [queries.fails, queries.failsLater]
    const { status, type, reason, metadata } = outcomes.fails
    if (fails.includes(query.submitted.query)) query.fail({ status, type, reason, metadata })
    else if (query.submitted.query === queries.completesLarge) query.complete(outcomes.completesLarge)
    else query.complete(outcomes.completes)
  }
}

/** The expected result of a release. 8.19 does not send statistics, so the store cannot keep them. */
function withoutStatistics(
  completes: MemoryHarness['outcomes']['completes'],
  release: Release,
): Omit<typeof completes, 'statistics'> & Partial<typeof completes> {
  if (release === '9.5') return completes
  const { columns, values } = completes
  return { columns, values }
}
