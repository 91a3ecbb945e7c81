import { describeError } from '../../core/describe-error'
import { isObject } from '../../core/is-object'
import type { Logger } from '../../core/logger'

/** A statement as `pg` takes it. */
export interface PostgresStatement {
  text: string
  values?: unknown[]
  types?: { getTypeParser: () => (text: string) => unknown }
}

/** What the store needs of a `Pool` of `pg`, 8.11 or later. */
export interface PostgresPool {
  query(statement: PostgresStatement): Promise<{ rows: Record<string, unknown>[] }>
  on(event: 'error', listener: (error: Error) => void): unknown
  listenerCount(event: 'error'): number
}

/** The cells of a row as the server writes them. */
export type Row = Readonly<Record<string, string | null>>

/** Connections of the host's pool that the store uses at a time. The host needs the others. */
const MAX_CONNECTIONS = 4

/** Parsers that the host may have set in `pg` would change what the store reads. */
const AS_TEXT = { getTypeParser: () => (text: string) => text }

/** Runs statements on some connections of the host's pool. */
export class Database {
  readonly #pool: PostgresPool
  readonly #waiting: (() => void)[] = []
  #free = MAX_CONNECTIONS

  constructor(pool: PostgresPool, logger: Logger) {
    this.#pool = pool
    // Without a listener, Node.js ends the process when the server closes an idle connection.
    if (pool.listenerCount('error') === 0) {
      pool.on('error', (error) =>
        logger.warn({ error: describeError(error) }, 'a connection to PostgreSQL has failed'),
      )
    }
  }

  async run(text: string, values: unknown[] = []): Promise<readonly Row[]> {
    if (this.#free > 0) this.#free -= 1
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      const { rows } = await this.#pool.query({ text, values, types: AS_TEXT })
      return rows as Row[]
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#free += 1
    }
  }

  /** Runs several statements as one transaction. */
  async runScript(text: string): Promise<void> {
    await this.#pool.query({ text })
  }
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
