import type { AsyncQueryStore } from '../../lib/core/store'
import type { FullStore } from './broken-stores/broken-store'
import { methodsOf } from './broken-stores/broken-store'
import { MemoryHarness } from './memory-harness'

/** Acts as if a `MemoryStore` was shared by processes: a second store is the first one under another name. */
export class SharedHarness extends MemoryHarness {
  async replica(store: AsyncQueryStore): Promise<AsyncQueryStore> {
    return { ...methodsOf(store as FullStore), close: async () => {} }
  }

  /** The queries run on. */
  async restart(store: AsyncQueryStore): Promise<AsyncQueryStore> {
    return this.replica(store)
  }
}
