import { Client } from '@elastic/elasticsearch'
import type { Clock, ElasticsearchStoreOptions } from 'express-esql-async-query'
import { ElasticsearchStore, newSealingKey } from 'express-esql-async-query'
import type { Release } from './cluster'
import { SERVICE_ACCOUNT } from './cluster'
import { ClusterHarness } from './cluster-harness'
import { unknownId } from './sealed-id'

const sealingKeys = [newSealingKey()]
const { authorization, username, password } = SERVICE_ACCOUNT

type Connection = Pick<ElasticsearchStoreOptions, 'client' | 'url' | 'headers' | 'maxConnections'>

/** How a store connects to its cluster. */
export const CONNECTIONS: Record<string, (url: string) => Connection> = {
  // The thousand waits of the contract need as many connections, and more for what is not to wait.
  'a URL': (url) => ({ url, headers: { authorization }, maxConnections: 2_000 }),
  // A retry would keep the process alive for seconds after the cluster has ended.
  'the official client': (node) => ({
    client: new Client({ node, auth: { username, password }, maxRetries: 0 }),
  }),
}

/** Counts the pending timers of one user of a shared clock. */
class OwnTimers implements Clock {
  readonly #clock: Clock
  readonly #pending = new Set<() => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get pendingTimers(): number {
    return this.#pending.size
  }

  now(): number {
    return this.#clock.now()
  }

  setTimer(callback: () => void, ms: number): () => void {
    const fire = (): void => {
      this.#pending.delete(fire)
      callback()
    }
    this.#pending.add(fire)
    const cancel = this.#clock.setTimer(fire, ms)
    return () => {
      this.#pending.delete(fire)
      cancel()
    }
  }
}

/** Runs the contract on an `ElasticsearchStore` in front of a cluster of one release. */
export class ElasticsearchHarness extends ClusterHarness {
  readonly unknownId = unknownId(sealingKeys)
  readonly #timers: OwnTimers

  constructor(release: Release, connect: (url: string) => Connection) {
    super(release, (url) => new ElasticsearchStore({ ...connect(url), sealingKeys, clock: this.#timers }))
    this.#timers = new OwnTimers(this.clock)
  }

  pendingTimers(): number {
    return this.#timers.pendingTimers
  }
}
