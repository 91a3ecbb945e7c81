import type { AsyncQueryStore } from '../../lib/core/store'
import type { BrokenStore, FullStore } from './broken-stores/broken-store'
import { methodsOf } from './broken-stores/broken-store'
import { brokenExpiries } from './broken-stores/expiry'
import { brokenCloses, brokenFailures } from './broken-stores/failure'
import { brokenIdempotencies } from './broken-stores/idempotency'
import { brokenInterruptions } from './broken-stores/interruption'
import { brokenLargeResults } from './broken-stores/large-results'
import { brokenFactories, brokenLifecycles } from './broken-stores/lifecycle'
import { brokenLists } from './broken-stores/listing'
import { brokenOwnerships } from './broken-stores/ownership'
import { brokenReplicas, brokenRestarts } from './broken-stores/replicas'
import { brokenSnapshots } from './broken-stores/snapshots'
import { brokenWaits } from './broken-stores/waiting'
import { SharedHarness } from './shared-harness'

/** Stores that are correct except for one flaw. */
export const brokenStores: readonly BrokenStore[] = [
  ...brokenFactories,
  ...brokenLifecycles,
  ...brokenWaits,
  ...brokenExpiries,
  ...brokenOwnerships,
  ...brokenInterruptions,
  ...brokenLists,
  ...brokenIdempotencies,
  ...brokenSnapshots,
  ...brokenLargeResults,
  ...brokenReplicas,
  ...brokenRestarts,
  ...brokenFailures,
  ...brokenCloses,
]

/** Creates stores with the flaw. */
export class BrokenHarness extends SharedHarness {
  readonly #broken: BrokenStore
  /** Short, because specs wait this long for a broken store that hangs. */
  override readonly patienceMs = 50

  constructor(broken: BrokenStore) {
    super()
    this.#broken = broken
  }

  override async create(): Promise<AsyncQueryStore> {
    const good = methodsOf(this.createMemoryStore())
    const store = { ...good, ...this.#broken.breaks(good, this) }
    return store as AsyncQueryStore
  }

  override async replica(store: AsyncQueryStore): Promise<AsyncQueryStore> {
    const good = methodsOf((await super.replica(store)) as FullStore)
    return { ...good, ...this.#broken.breaksReplica?.(good) } as AsyncQueryStore
  }

  override async restart(store: AsyncQueryStore): Promise<AsyncQueryStore> {
    const good = methodsOf((await super.replica(store)) as FullStore)
    return { ...good, ...this.#broken.breaksRestart?.(good) } as AsyncQueryStore
  }
}
