import { AsyncResource } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import type { Clock } from '../../core/clock'
import { systemClock } from '../../core/clock'
import { describeError } from '../../core/describe-error'
import { errorKind } from '../../core/error-kind'
import type { Logger } from '../../core/logger'
import type { OwnConnection, PostgresClient, PostgresPool, Row } from './database'
import { isOutage, limit, outage, statement } from './database'
import type { PostgresMetrics } from './metrics'
import { BackOff, Pause } from './pause'

const GONE = 'the connection to PostgreSQL is gone'
const DEAF = 'a pooler keeps notifications from this process, so it asks PostgreSQL again and again'

export interface ListenerEvents {
  /** Sends a notification, on another connection. */
  notify(payload: string): Promise<unknown>
  /** What was sent before this may have been missed. */
  onConnected(): void
  onNotification(payload: string): void
}

/**
 * A connection of its own, beside the host's pool: it hears what other processes notify, and carries what the host must not hold
 * up. It comes back after an outage.
 */
export class Listener implements OwnConnection {
  readonly #create: (() => PostgresClient) | undefined
  readonly #channel: string
  readonly #backOff: BackOff
  readonly #limitMs: number
  readonly #logger: Logger
  /** The connection belongs to no request. */
  readonly #context = new AsyncResource('PostgresListener')
  readonly #metrics: PostgresMetrics
  #events: ListenerEvents | undefined
  #client: PostgresClient | undefined
  #last: Promise<unknown> = Promise.resolve()
  #isBusy = false
  #lose = (_error: unknown): void => {}
  #hears = false
  #test: Pause | undefined
  #isClosed = false
  #isFailing = false
  #isDeaf = false

  /** Without `create`, there is no connection. `channel` must be a name that needs no quotes. */
  constructor(
    create: (() => PostgresClient) | undefined,
    channel: string,
    options: { clock: Clock; statementTimeoutMs: number; logger: Logger },
    metrics: PostgresMetrics = {},
  ) {
    this.#metrics = metrics
    this.#create = create
    this.#channel = channel
    this.#backOff = new BackOff(options.clock, { background: true })
    this.#limitMs = options.statementTimeoutMs
    this.#logger = options.logger
  }

  /** Connects, unless that has begun. */
  start(events: ListenerEvents): void {
    const create = this.#create
    if (!create || this.#events) return
    this.#events = events
    this.#context.runInAsyncScope(() => void this.#live(create, events))
  }

  get isConnected(): boolean {
    return this.#client !== undefined
  }

  /** Whether notifications come through. */
  get hears(): boolean {
    return this.#hears
  }

  run(text: string, values: unknown[]): Promise<readonly Row[]> {
    return this.#client ? this.#run(this.#client, text, values) : Promise.reject(outage(GONE))
  }

  close(): void {
    this.#isClosed = true
    this.#backOff.end()
    this.#test?.end()
    this.#lose(outage(GONE))
  }

  async #live(create: () => PostgresClient, events: ListenerEvents): Promise<void> {
    let failures = 0
    while (!this.#isClosed) {
      let client: PostgresClient | undefined
      try {
        client = create()
        await this.#serve(client, events)
      } catch (error) {
        if (!this.#isClosed) this.#metrics.failures?.add(1, { 'error.type': errorKind(error) })
        this.#logOnce(error)
      }
      failures = this.#client ? 1 : failures + 1
      this.#client = undefined
      this.#setHears(false)
      // A server that does not answer takes no farewell either.
      void client?.end().catch(() => {})
      await this.#backOff.pause(failures)
    }
  }

  /** Rejects when the connection is lost. */
  async #serve(client: PostgresClient, events: ListenerEvents): Promise<void> {
    const lost = new Promise<never>((_, reject) => {
      this.#lose = reject
      client.on('error', reject)
      client.on('end', () => reject(outage(GONE)))
    })
    this.#last = Promise.resolve()
    const test = `test:${randomUUID()}`
    client.on('notification', ({ payload = '' }) => {
      if (payload !== test) return events.onNotification(payload)
      if (!this.#isBusy) this.#setHears(true)
      this.#test?.end()
    })
    await Promise.race([client.connect(), lost])
    // How long the process lives is up to the host.
    client.unref?.()
    await Promise.race([this.#run(client, `LISTEN "${this.#channel}"`, []), lost])
    this.#client = client
    this.#isFailing = false
    events.onConnected()
    await Promise.race([this.#tryOut(client, () => events.notify(test)), lost])
    await lost
  }

  /**
   * Finds out whether notifications come through: a pooler in transaction mode takes LISTEN, and hands on none. What comes with the
   * answer to a statement proves nothing, because the pooler may have borrowed a connection that listens.
   */
  async #tryOut(client: PostgresClient, notify: () => Promise<unknown>): Promise<void> {
    for (;;) {
      const test = new Pause(systemClock, this.#limitMs, { background: true })
      this.#test = test
      const isSent = await notify().then(
        () => true,
        () => false,
      )
      await test.over
      if (this.#hears || this.#isClosed || this.#client !== client) return
      // Otherwise the host's pool gives no connection now, or a statement was under way.
      if (isSent && !test.isCutShort) break
    }
    if (!this.#isDeaf) this.#logger.warn({}, DEAF)
    this.#isDeaf = true
  }

  /** One statement after the other: `pg` has no place for two. */
  #run(client: PostgresClient, text: string, values: unknown[]): Promise<readonly Row[]> {
    const rows = this.#last.then(() => this.#runNext(client, text, values))
    this.#last = rows.catch(() => {})
    return rows
  }

  async #runNext(client: PostgresClient, text: string, values: unknown[]): Promise<readonly Row[]> {
    let callOff = (): void => {}
    const late = new Promise<never>((_, reject) => {
      callOff = limit(this.#limitMs, reject)
    })
    this.#isBusy = true
    try {
      const { rows } = await Promise.race([client.query(statement(text, values)), late])
      return rows as Row[]
    } catch (error) {
      // A connection without answers is of no use.
      if (isOutage(error)) this.#lose(error)
      throw error
    } finally {
      this.#isBusy = false
      callOff()
    }
  }

  #setHears(hears: boolean): void {
    if (hears !== this.#hears) this.#metrics.connected?.add(hears ? 1 : -1)
    this.#hears = hears
  }

  #logOnce(error: unknown): void {
    if (!this.#isFailing && !this.#isClosed) {
      this.#logger.warn({ error: describeError(error) }, 'the listener has lost PostgreSQL; trying on')
    }
    this.#isFailing = true
  }
}

/**
 * How to make the listener's connections. `config` is that of a `Client` of `pg`, `false` for none. By default they are made as
 * those of the pool.
 */
export function listenerClients(
  pool: PostgresPool,
  {
    listener: config,
    statementTimeoutMs,
  }: { listener: object | false | undefined; statementTimeoutMs: number },
): (() => PostgresClient) | undefined {
  const Client = pool.Client as (new (config: object) => PostgresClient) | undefined
  const own = config ?? pool.options
  if (!own) return undefined
  if (!Client) {
    if (config) throw new TypeError('PostgresStore needs `Client`, a class, of the `pool` for its `listener`')
    return undefined
  }
  // The password of a pool is not enumerable.
  const properties = Object.getOwnPropertyDescriptors(own)
  const { connectionTimeoutMillis: timeoutMs } = own as { connectionTimeoutMillis?: number }
  const timeout = { value: timeoutMs || statementTimeoutMs, enumerable: true }
  return () => new Client(Object.defineProperties({}, { ...properties, connectionTimeoutMillis: timeout }))
}
