import type { AsyncQueryStore } from '../../lib/core/store'
import type { BrokenStore } from './broken-stores/broken-store'
import { methodsOf } from './broken-stores/broken-store'
import { brokenExpiries } from './broken-stores/expiry'
import { brokenCloses, brokenFailures } from './broken-stores/failure'
import { brokenIdempotencies } from './broken-stores/idempotency'
import { brokenInterruptions } from './broken-stores/interruption'
import { brokenLargeResults } from './broken-stores/large-results'
import { brokenFactories, brokenLifecycles } from './broken-stores/lifecycle'
import { brokenLists } from './broken-stores/listing'
import { brokenOwnerships } from './broken-stores/ownership'
import { brokenSnapshots } from './broken-stores/snapshots'
import { brokenWaits } from './broken-stores/waiting'
import { MemoryHarness } from './memory-harness'

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
  ...brokenFailures,
  ...brokenCloses,
]

/** Creates stores with the flaw. */
export class BrokenHarness extends MemoryHarness {
  readonly #broken: BrokenStore
  /** Short, because specs wait this long for a broken store that hangs. */
  readonly patienceMs = 50

  constructor(broken: BrokenStore) {
    super()
    this.#broken = broken
  }

  override async create(): Promise<AsyncQueryStore> {
    const good = methodsOf(this.createMemoryStore())
    const store = { ...good, ...this.#broken.breaks(good, this) }
    return store as AsyncQueryStore
  }
}
