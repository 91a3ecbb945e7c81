import { Client } from '@elastic/elasticsearch'
import type { Clock, ElasticsearchStoreOptions } from 'express-esql-async-query'
import { ElasticsearchStore, newSealingKey } from 'express-esql-async-query'
import { describeAsyncQueryStore } from 'express-esql-async-query/test-kit'
import type { Release } from '../../support/cluster'
import { SERVICE_ACCOUNT } from '../../support/cluster'
import { ClusterHarness } from '../../support/cluster-harness'
import { contractFailures } from '../../support/contract-failures'
import { unknownId } from '../../support/sealed-id'

const sealingKeys = [newSealingKey()]
const { authorization, username, password } = SERVICE_ACCOUNT

type Connection = Pick<ElasticsearchStoreOptions, 'client' | 'url' | 'headers'>

const CONNECTIONS: Record<string, (url: string) => Connection> = {
  'a URL': (url) => ({ url, headers: { authorization } }),
  'the official client': (node) => ({ client: new Client({ node, auth: { username, password } }) }),
}

/** The timers of whoever it is given to, on a clock that others use too. */
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

/** Runs the contract on a cluster of a release. */
class ElasticsearchHarness extends ClusterHarness {
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

describe.each(Object.entries(CONNECTIONS))('over %s', (_how, connect) => {
  const harness = new ElasticsearchHarness('9.5', connect)
  afterAll(() => harness.close())
  describeAsyncQueryStore('ElasticsearchStore in front of 9.5', harness, { describe, it })

  it('keeps all of the contract in front of 8.19 but that expired queries end', async () => {
    const harnesses: ClusterHarness[] = []
    const failures = await contractFailures(() => {
      const older = new ElasticsearchHarness('8.19', connect)
      harnesses.push(older)
      return older
    })
    await Promise.all(harnesses.map((older) => older.close()))
    expect(failures).toEqual([
      'a running query is interrupted when it expires',
      'delete takes an expired query for unknown',
      'every wait on a query ends with task_cancelled_exception when it expires',
    ])
  })
})
