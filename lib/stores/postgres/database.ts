import { systemClock } from '../../core/clock'
import { describeError } from '../../core/describe-error'
import { errorKind } from '../../core/error-kind'
import { isObject } from '../../core/is-object'
import type { Logger } from '../../core/logger'
import type { Attributes } from '../../core/meter'
import type { PostgresMetrics } from './metrics'

/** A statement as `pg` takes it. */
export interface PostgresStatement {
  text: string
  values?: unknown[]
  types?: { getTypeParser: (type: number) => (text: string) => unknown }
  /** After so many milliseconds, the connection is given up. */
  query_timeout?: number
}

/** What the store needs of a `Client` of `pg`. */
export interface PostgresClient {
  connect(): Promise<unknown>
  query(statement: PostgresStatement): Promise<{ rows: Record<string, unknown>[] }>
  on(event: 'notification', listener: (message: { payload?: string }) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'end', listener: () => void): unknown
  end(): Promise<unknown>
  unref?(): void
}

/** What the store needs of a `Pool` of `pg`, 8.11 or later. */
export interface PostgresPool {
  query(statement: PostgresStatement): Promise<{ rows: Record<string, unknown>[] }>
  on(event: 'error', listener: (error: Error) => void): unknown
  listenerCount(event: 'error'): number
  /** The class of its connections. Without it, the store makes none of its own. */
  Client?: unknown
  /** How it connects. */
  options?: object
}

/** The cells of a row: bytes, or what else the server writes, as text. */
export type Row = Readonly<Record<string, string | Buffer | null>>

/** Connections of the host's pool that the store uses at a time. The host needs the others. */
const MAX_CONNECTIONS = 4

/** The type `bytea` of PostgreSQL. */
const BYTES_TYPE = 17

/**
 * Parsers that the host may have set in `pg` would change what the store reads. Bytes are parsed as soon as they come: as long
 * as their text is in a row, it outlives collections of young objects, and the next one of all objects may be far away.
 */
const PARSERS = {
  getTypeParser: (type: number) => (type === BYTES_TYPE ? bytesOfText : (text: string) => text),
}

export function statement(text: string, values: unknown[]): PostgresStatement {
  return { text, values, types: PARSERS }
}

/** The server writes bytes as `\x` and hexadecimal digits, unless somebody has told it to use its old form. */
function bytesOfText(text: string): Buffer {
  if (!text.startsWith('\\x')) throw new TypeError('The store needs `bytea_output = hex`')
  return Buffer.from(text.slice(2), 'hex')
}

/** A connection beside the pool. */
export interface OwnConnection {
  readonly isConnected: boolean
  run(text: string, values: unknown[]): Promise<readonly Row[]>
}

interface Job {
  statement: PostgresStatement
  resolve(rows: readonly Row[]): void
  reject(error: unknown): void
}

/** Runs statements on some connections of the host's pool. */
export class Database {
  readonly #pool: PostgresPool
  readonly #limitMs: number
  readonly #metrics: PostgresMetrics
  readonly #own: OwnConnection
  /** Those that wait for their turn. */
  readonly #waiting = new Set<Job>()
  #free = MAX_CONNECTIONS

  constructor(
    pool: PostgresPool,
    own: OwnConnection,
    { statementTimeoutMs, logger }: { statementTimeoutMs: number; logger: Logger },
    metrics: PostgresMetrics = {},
  ) {
    this.#pool = pool
    this.#own = own
    this.#limitMs = statementTimeoutMs
    this.#metrics = metrics
    // Without a listener, Node.js ends the process when the server closes an idle connection.
    if (pool.listenerCount('error') === 0) {
      pool.on('error', (error) =>
        logger.warn({ error: describeError(error) }, 'a connection to PostgreSQL has failed'),
      )
    }
  }

  /** Rejects if there is no answer in time. The statement may still take effect then. */
  async run(text: string, values: unknown[] = []): Promise<readonly Row[]> {
    const beganMs = systemClock.now()
    let callOff = (): void => {}
    let attributes: Attributes = {}
    try {
      return await new Promise((resolve, reject) => {
        const job = {
          statement: { ...statement(text, values), query_timeout: this.#limitMs },
          resolve,
          reject,
        }
        callOff = limit(this.#limitMs, (error) => {
          this.#leaveQueue(job)
          reject(error)
        })
        this.#waiting.add(job)
        this.#metrics.waiting?.add(1)
        this.#runNext()
      })
    } catch (error) {
      attributes = { 'error.type': errorKind(error) }
      throw error
    } finally {
      callOff()
      this.#metrics.duration?.record((systemClock.now() - beganMs) / 1_000, attributes)
    }
  }

  /** Runs a small statement where the host cannot hold it up: beside its pool, if there is a connection. */
  runAside(text: string, values: unknown[]): Promise<readonly Row[]> {
    return this.#own.isConnected ? this.#own.run(text, values) : this.run(text, values)
  }

  /** Runs several statements as one transaction. */
  async runScript(text: string): Promise<void> {
    await this.#pool.query({ text })
  }

  #runNext(): void {
    const [job] = this.#waiting
    if (!job || this.#free === 0) return
    this.#leaveQueue(job)
    this.#use(1)
    // Whoever asked may have gone. The connection is free when the pool says so.
    void this.#run(job).finally(() => {
      this.#use(-1)
      this.#runNext()
    })
  }

  #use(change: number): void {
    this.#free -= change
    this.#metrics.used?.add(change)
  }

  #leaveQueue(job: Job): void {
    if (this.#waiting.delete(job)) this.#metrics.waiting?.add(-1)
  }

  async #run({ statement, resolve, reject }: Job): Promise<void> {
    try {
      const { rows } = await this.#pool.query(statement)
      resolve(rows as Row[])
    } catch (error) {
      reject(error)
    }
  }
}

/** A limit of real time, as the database lives in it. Returns a function that calls it off. */
export function limit(ms: number, onOver: (error: Error) => void): () => void {
  const giveUp = (): void => onOver(outage(`PostgreSQL has not answered within ${ms} ms`))
  return systemClock.setTimer(giveUp, ms, { background: true })
}

export function outage(message: string): Error {
  return Object.assign(new Error(message), { code: 'ETIMEDOUT' })
}

/** Classes of SQLSTATE that say nothing about the statement: no connection, no resources, a lock, a shutdown, a timeout. */
const OUTAGES = /^(08|40|53|55|57|25006)/

/** Whether the same statement may succeed later. Errors of sockets have codes of another length, or none. */
export function isOutage(error: unknown): boolean {
  // A fault of this package or of `pg`, which does not pass.
  if (error instanceof TypeError) return false
  const code = isObject(error) ? String(error.code ?? '') : ''
  return OUTAGES.test(code) || !/^[0-9A-Z]{5}$/.test(code) || code === 'EPIPE'
}
