import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import type { AsyncQueryStore } from 'express-esql-async-query'
import { asyncQueryRouter, ownerOf } from 'express-esql-async-query'
import type { MemoryStore } from '../../lib/stores/memory/memory-store'
import type { ManualClock } from '../../lib/test-kit'
import { advance } from './cluster-harness'
import { MemoryHarness } from './memory-harness'
import { UNDATED_TYPES_ON_THE_WIRE } from './wire-table'

type CreateStore = (url: string, clock: ManualClock) => AsyncQueryStore

/**
 * Runs the contract's queries on a store whose cluster is one of our gateways with a `MemoryStore`. All share one clock
 * that stands still.
 */
export class ChainedHarness extends MemoryHarness {
  readonly unknownId: string
  /** A store in front of another server knows no keys. */
  override readonly idempotencyWindowMs = undefined
  readonly #createStore: CreateStore
  readonly #stores: MemoryStore[] = []
  #server: Server | undefined

  constructor(unknownId: string, createStore: CreateStore) {
    super(UNDATED_TYPES_ON_THE_WIRE)
    this.unknownId = unknownId
    this.#createStore = createStore
    // The inner gateway knows one account, so the list of the outer one is refused.
    delete this.offers
  }

  override async create(): Promise<AsyncQueryStore> {
    const inner = this.createMemoryStore()
    const index = this.#stores.push(inner) - 1
    this.#server ??= await startInner(this.#stores)
    const { port } = this.#server.address() as AddressInfo
    const store = this.#createStore(`http://127.0.0.1:${port}/${index}`, this.clock)
    const close = store.close?.bind(store)
    // Queries that a test leaves running must end with the test.
    return Object.assign(store, {
      async close() {
        await close?.()
        await inner.close()
      },
    })
  }

  override advance(ms: number): Promise<void> {
    return advance(this.clock, ms)
  }

  close(): void {
    this.#server?.close()
    this.#server?.closeAllConnections()
  }
}

/** One router for all stores, because creating a router takes a while: `/n` is the nth store. */
async function startInner(stores: readonly MemoryStore[]): Promise<Server> {
  const current = new AsyncLocalStorage<MemoryStore>()
  const inner = (): MemoryStore => {
    const store = current.getStore()
    if (!store) throw new Error('No store is under this path')
    return store
  }
  const store: AsyncQueryStore = {
    submit: (...call) => inner().submit(...call),
    get: (...call) => inner().get(...call),
    stop: (...call) => inner().stop(...call),
    delete: (...call) => inner().delete(...call),
  }
  const owner = ownerOf('https://issuer.example', 'gateway')
  const router = asyncQueryRouter({ store, resolveCaller: () => ({ owner, canCancelTasks: true }) })
  const app = express().use('/:n', (request, response, next) =>
    current.run(stores[Number(request.params.n)] as MemoryStore, () => router(request, response, next)),
  )
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // The first request of a router takes longer than the times that the tests measure.
  const { port } = server.address() as AddressInfo
  await (await fetch(`http://127.0.0.1:${port}/0/_query/async/x`)).arrayBuffer()
  return server
}
