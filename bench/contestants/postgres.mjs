import express from 'express'
import { asyncQueryRouter, jwtCaller, MemoryStore, PostgresStore } from 'express-esql-async-query'
import pg from 'pg'
import { answerCommands } from '../support/commands.mjs'
import { listen } from '../support/listen.mjs'
import { peakMemory } from '../support/peak-memory.mjs'
import { STREAMED_COLUMNS, streamedRows } from '../support/streamed-table.mjs'
import { COLUMNS, makeRows } from '../support/table.mjs'

// The package with an engine, and its queries in PostgreSQL or in memory: one of several processes.

const BATCH_ROWS = 1_000
const OWNER = 'benchmark'
/** Longer than a measurement, so that what it counts is not the heart of the process. */
const HEARTBEAT_MS = 600_000

const statements = []
const { query } = pg.Client.prototype
pg.Client.prototype.query = function (statement, ...others) {
  statements.push(String(statement?.text ?? statement).trim())
  return query.call(this, statement, ...others)
}

let store
let release
let answered = 0
let lastMs = 0

/** The monotonic clock of the machine, which all of its processes share. */
const now = () => Number(process.hrtime.bigint()) / 1e6

answerCommands({
  ...peakMemory,
  async start({ trust, url, options = {} }) {
    if (url === undefined) store = new MemoryStore({ execute, ...options })
    else {
      const pool = new pg.Pool({ connectionString: url, connectionTimeoutMillis: 10_000 })
      const beats = { heartbeatMs: HEARTBEAT_MS, leaseMs: 3 * HEARTBEAT_MS }
      store = new PostgresStore({ pool, execute, ...beats, ...options })
      await store.migrate()
    }
    const resolveCaller = jwtCaller({ ...trust, algorithms: ['RS256'] })
    return listen(express().use(asyncQueryRouter({ store, resolveCaller })))
  },

  /** Submits a query that runs until its release. */
  async submit() {
    const kept = { waitForCompletionTimeoutMs: 0, keepAliveMs: 600_000, keepOnCompletion: true }
    return (await store.submit({ query: 'HOLD' }, OWNER, kept)).id
  },
  /** Puts so many waits on a query. */
  wait({ id, waits }) {
    answered = 0
    const wait = { waitForCompletionTimeoutMs: Number.POSITIVE_INFINITY }
    for (let begun = 0; begun < waits; begun++) {
      void store.get(id, OWNER, wait).then(({ result }) => {
        if (result.values.length !== 100) throw new Error('it has other rows')
        answered += 1
        lastMs = now()
      })
    }
  },
  waited: () => ({ answered, lastMs }),
  /** Lets the engine end the query that is held. Returns the moment. */
  release() {
    release()
    return now()
  },
  /** What has been sent to the database since the last question. */
  statements: () => statements.splice(0),
})

async function execute({ query }) {
  if (query.startsWith('STREAM ')) {
    return { columns: STREAMED_COLUMNS, values: batches(Number(query.slice('STREAM '.length))) }
  }
  if (query === 'HOLD') {
    await new Promise((resolve) => {
      release = resolve
    })
  }
  return { columns: COLUMNS, values: makeRows(100) }
}

async function* batches(rows) {
  for (let begin = 0; begin < rows; begin += BATCH_ROWS) {
    yield streamedRows(begin, Math.min(begin + BATCH_ROWS, rows))
  }
}
