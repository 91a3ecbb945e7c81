import express from 'express'
import { asyncQueryRouter, ElasticsearchStore, jwtCaller, MemoryStore } from 'express-esql-async-query'
import { answerCommands } from '../support/commands.mjs'
import { execute } from './engine.mjs'
import { FailingLog } from './failing-log.mjs'
import { readOrder } from './proxy-answers.mjs'
import { Random } from './random.mjs'
import { resources, serve } from './serve.mjs'
import { MOST_BYTES, MOST_QUERIES, MOST_STALL_MS, MOST_WAITS_PER_OWNER, SLICE_MS } from './settings.mjs'

// The package as users get it, with one router or several. It checks RS256 tokens, and has queries in memory or in a
// cluster.

const routers = {}
const faults = []
const warnings = new Map()

const logger = new FailingLog((level, fields, message) => {
  if (level === 'warn') warnings.set(message, (warnings.get(message) ?? 0) + 1)
  // An error in the log is a fault of ours, unless a client has asked the proxy for it. The client may have left, and
  // then nobody else tells.
  if (level !== 'error' || readOrder(fields?.opaqueId)) return
  faults.push({ message, cause: String(fields?.err?.stack ?? JSON.stringify(fields)) })
}, new Random('log'))

answerCommands({
  async start({ port, mounts, trust, cluster, sealingKeys }) {
    const resolveCaller = jwtCaller({ ...trust, algorithms: ['RS256'] })
    const app = express()
    for (const [prefix, kind] of Object.entries(mounts)) {
      const store = kind === 'memory' ? memoryStore() : clusterStore(cluster, sealingKeys)
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
  /** What it has logged since the last question. */
  logged() {
    const logged = { faults: faults.splice(0), warnings: [...warnings], done: logger.take() }
    warnings.clear()
    return logged
  },
})

function memoryStore() {
  return new MemoryStore({
    execute,
    maxQueries: MOST_QUERIES,
    maxQueriesPerOwner: MOST_QUERIES,
    maxBytes: MOST_BYTES,
    maxBytesPerOwner: MOST_BYTES,
  })
}

function clusterStore(url, sealingKeys) {
  return new ElasticsearchStore({ url, sealingKeys, upstreamWaitMs: SLICE_MS })
}
