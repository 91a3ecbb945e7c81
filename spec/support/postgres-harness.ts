import { EventEmitter } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Client, Pool } from 'pg'
import type { AsyncQueryStore } from '../../lib/core/store'
import type { PostgresClient, PostgresPool, PostgresStatement } from '../../lib/stores/postgres/database'
import type { PostgresStoreOptions } from '../../lib/stores/postgres/options'
import { PostgresStore } from '../../lib/stores/postgres/postgres-store'
import { MemoryHarness } from './memory-harness'
import { TestSchema } from './postgres/schema'

/** Turns of the event loop without a statement, after which nothing is under way. */
const QUIET_TURNS = 20

/** A connection of `pg` that tells which statements run on it. */
class ObservedClient implements PostgresClient {
  readonly #client: Client
  readonly #observe: (text: string, answer: Promise<unknown>) => void

  constructor(config: object, observe: (text: string, answer: Promise<unknown>) => void) {
    this.#client = new Client(config)
    this.#observe = observe
  }

  connect(): Promise<unknown> {
    return this.#client.connect()
  }

  query(statement: PostgresStatement): Promise<{ rows: Record<string, unknown>[] }> {
    const answer = this.#client.query(statement)
    this.#observe(statement.text, answer)
    return answer
  }

  on(event: string, listener: (message: never) => void): unknown {
    return EventEmitter.prototype.on.call(this.#client, event, listener as () => void)
  }

  end(): Promise<unknown> {
    return this.#client.end()
  }

  unref(): void {
    // Its types do not have it.
    Reflect.apply(Reflect.get(this.#client, 'unref'), this.#client, [])
  }
}

/** A pool of `pg` that knows which statements ran through it, and on connections beside it. */
export class ObservedPool implements PostgresPool {
  readonly pool: Pool
  /** The texts of all statements so far. */
  readonly statements: string[] = []
  /** The same for connections beside the pool. */
  readonly ownStatements: string[] = []
  readonly Client: new (
    config: object,
  ) => PostgresClient
  readonly #underWay = new Set<Promise<unknown>>()

  constructor(url: string) {
    this.pool = new Pool({ connectionString: url, max: 5 })
    const observe = (text: string, answer: Promise<unknown>): void => {
      this.ownStatements.push(text)
      void this.#observe(answer).catch(() => {})
    }
    this.Client = class extends ObservedClient {
      constructor(config: object) {
        super(config, observe)
      }
    }
  }

  get options(): object {
    return this.pool.options
  }

  query(statement: PostgresStatement): Promise<{ rows: Record<string, unknown>[] }> {
    this.statements.push(statement.text)
    return this.#observe(this.pool.query(statement))
  }

  async #observe<T>(answer: Promise<T>): Promise<T> {
    this.#underWay.add(answer)
    try {
      return await answer
    } finally {
      this.#underWay.delete(answer)
    }
  }

  on(event: 'error', listener: (error: Error) => void): unknown {
    return this.pool.on(event, listener)
  }

  listenerCount(event: 'error'): number {
    return this.pool.listenerCount(event)
  }

  /** Resolves when no statement is under way and none follows. */
  async idle(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet += 1) {
      if (this.#underWay.size > 0) quiet = 0
      // The server gets the processor meanwhile.
      await Promise.allSettled(this.#underWay)
      await nextTurn()
    }
  }

  end(): Promise<void> {
    return this.pool.end()
  }
}

/**
 * Runs the contract's queries on `PostgresStore`s, each with a schema of its own on a real server. The clocks of the process and of
 * the tables move together.
 */
export class PostgresHarness extends MemoryHarness {
  #pool: ObservedPool | undefined
  readonly #url: () => string
  readonly #options: Partial<PostgresStoreOptions>
  #schemas: TestSchema[] = []
  readonly #homes = new WeakMap<AsyncQueryStore, TestSchema>()
  /** The `close` of a store that leaves its tables. */
  readonly #ends = new WeakMap<AsyncQueryStore, () => Promise<void>>()

  /** `url` is asked for when the server runs. */
  constructor(url: () => string, options: Partial<PostgresStoreOptions> = {}) {
    super()
    this.#url = url
    this.#options = options
  }

  get pool(): ObservedPool {
    this.#pool ??= new ObservedPool(this.#url())
    return this.#pool
  }

  /** The schema of the store that was created last. */
  get schema(): TestSchema {
    const schema = this.#schemas.at(-1)
    if (!schema) throw new Error('No store is created yet')
    return schema
  }

  override async create(): Promise<PostgresStore> {
    const schema = new TestSchema(this.#url(), this.pool.pool)
    this.#schemas.push(schema)
    const store = this.createOn(schema)
    this.#homes.set(store, schema)
    await store.migrate()
    await schema.holdClock()
    const close = store.close.bind(store)
    this.#ends.set(store, close)
    return Object.assign(store, {
      close: async () => {
        await close()
        this.#schemas = this.#schemas.filter((other) => other !== schema)
        await schema.drop()
      },
    })
  }

  async replica(store: AsyncQueryStore): Promise<PostgresStore> {
    const schema = this.#homes.get(store)
    if (!schema) throw new Error('The store is not of this harness')
    return this.createOn(schema)
  }

  async restart(store: AsyncQueryStore): Promise<PostgresStore> {
    await this.#ends.get(store)?.()
    return this.replica(store)
  }

  /** One more store on the same tables, as another process has. */
  createOn(schema: TestSchema, options: Partial<PostgresStoreOptions> = {}): PostgresStore {
    const { pool, execute, clock } = this
    const own = { pool, execute, clock, schema: schema.name, idempotencyWindowMs: 10_000, closeGraceMs: 0 }
    return new PostgresStore({ ...own, ...this.#options, ...options })
  }

  override async advance(ms: number): Promise<void> {
    await this.pool.idle()
    await Promise.all(this.#schemas.map((schema) => schema.advance(ms)))
    await this.clock.advance(ms)
    await this.pool.idle()
  }

  async end(): Promise<void> {
    await this.#pool?.end()
  }
}
