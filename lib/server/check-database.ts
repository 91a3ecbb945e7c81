import type { AsyncQueryStore, PostgresPool } from '../index'
import { PostgresStore } from '../index'
import { openPool, reasonOf } from './open-store'
import { OPTION_TABLES } from './setting-kinds'

/** What a database says, without any change to it. */
export interface DatabaseState {
  /** The release of PostgreSQL. */
  release: string
  /** Whether the tables of the store are there. */
  isMigrated: boolean
  /** Whether the user may create them. */
  mayCreate: boolean
}

/** That of the gateway, which has no setting for it. */
const SCHEMA = OPTION_TABLES.postgres.schema.default

const STATE = `SELECT current_setting('server_version') AS release,
  to_regclass('${SCHEMA}.version') IS NOT NULL AS is_migrated,
  has_database_privilege(current_database(), 'CREATE') AS may_create`

const USE = `SELECT 1 FROM ${SCHEMA}.queries, ${SCHEMA}.chunks, ${SCHEMA}.executors LIMIT 0`

/** Rejects with an error that says why, if the database cannot be used, or its tables are those of a later release. */
export async function askDatabase(url: string): Promise<DatabaseState> {
  const pool = openPool(url)
  const store = new PostgresStore({ pool, execute: () => ({ columns: [], values: [] }), closeGraceMs: 0 })
  try {
    return await stateOf(pool, store)
  } catch (cause) {
    throw new Error(reasonOf(cause), { cause })
  } finally {
    await store.close().catch(() => {})
    await pool.end()
  }
}

async function stateOf(pool: PostgresPool, store: AsyncQueryStore): Promise<DatabaseState> {
  const { rows } = await pool.query({ text: STATE })
  const [row = {}] = rows
  if (row.is_migrated === true) {
    await store.check?.(AbortSignal.timeout(10_000))
    await pool.query({ text: USE })
  }
  return {
    release: String(row.release),
    isMigrated: row.is_migrated === true,
    mayCreate: row.may_create === true,
  }
}
