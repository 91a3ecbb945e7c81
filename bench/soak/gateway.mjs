import express from 'express'
import {
  asyncQueryRouter,
  ElasticsearchStore,
  jwtCaller,
  MemoryStore,
  PostgresStore,
} from 'express-esql-async-query'
import pg from 'pg'
import { answerCommands } from '../support/commands.mjs'
import { execute } from './engine.mjs'
import { FailingLog } from './failing-log.mjs'
import { readOrder } from './proxy-answers.mjs'
import { Random } from './random.mjs'
import { resources, serve } from './serve.mjs'
import {
  HEARTBEAT_MS,
  LEASE_MS,
  MOST_STALL_MS,
  MOST_WAITS_PER_OWNER,
  READ_GRACE_MS,
  SLICE_MS,
} from './settings.mjs'

// The package as users get it, with one router or several. It checks RS256 tokens, and has queries in memory, in a cluster
// or in PostgreSQL.

const routers = {}
const faults = []
const warnings = new Map()
/** Until then, the database may be away. */
let databaseBackMs = 0

const logger = new FailingLog((level, fields, message) => {
  if (level === 'warn') warnings.set(message, (warnings.get(message) ?? 0) + 1)
  // An error in the log is a fault of ours, unless a client has asked the proxy for it. The client may have left, and
  // then nobody else tells.
  if (level !== 'error' || readOrder(fields?.opaqueId)) return
  // So is one while the database is away, and one about a query whose process was killed.
  if (performance.now() < databaseBackMs || fields?.type === 'node_disconnected_exception') return
  faults.push({ message, cause: String(fields?.err?.stack ?? JSON.stringify(fields)) })
}, new Random('log'))

answerCommands({
  async start({ port, mounts, trust, cluster, sealingKeys, database, limits }) {
    const storeOf = {
      memory: () => memoryStore(limits),
      elasticsearch: () => clusterStore(cluster, sealingKeys),
      postgres: () => postgresStore(database, limits),
    }
    const resolveCaller = jwtCaller({ ...trust, algorithms: ['RS256'] })
    const app = express()
    for (const [prefix, kind] of Object.entries(mounts)) {
      const store = await storeOf[kind]()
      routers[prefix] = asyncQueryRouter({
        store,
        resolveCaller,
        logger,
        maxStallMs: MOST_STALL_MS,
        maxWaitsPerOwner: MOST_WAITS_PER_OWNER,
      })
      app.use(prefix, routers[prefix])
    }
    await serve(app, port)
    return { pid: process.pid }
  },
  async state() {
    const waiting = Object.values(routers).reduce((sum, router) => sum + router.waiting, 0)
    return { waiting, ...(await resources()) }
  },
  /** The database goes away. */
  away() {
    databaseBackMs = Number.POSITIVE_INFINITY
  },
  /** It is there again. A statement that was sent before may fail some time later. */
  back() {
    databaseBackMs = performance.now() + LEASE_MS
  },
  /** What it has logged since the last question. */
  logged() {
    const logged = { faults: faults.splice(0), warnings: [...warnings], done: logger.take() }
    warnings.clear()
    return logged
  },
})

function memoryStore({ queries, bytes }) {
  return new MemoryStore({
    execute,
    maxQueries: queries,
    maxQueriesPerOwner: queries,
    maxBytes: bytes,
    maxBytesPerOwner: bytes,
  })
}

function clusterStore(url, sealingKeys) {
  return new ElasticsearchStore({ url, sealingKeys, upstreamWaitMs: SLICE_MS })
}

async function postgresStore(connectionString, { queries, bytes }) {
  const pool = new pg.Pool({ connectionString, connectionTimeoutMillis: 5_000, idleTimeoutMillis: 200 })
  const store = new PostgresStore({
    pool,
    execute,
    logger,
    maxRunning: queries,
    maxBytes: bytes,
    heartbeatMs: HEARTBEAT_MS,
    leaseMs: LEASE_MS,
    readGraceMs: READ_GRACE_MS,
  })
  await store.migrate()
  return store
}
