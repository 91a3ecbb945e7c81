import express from 'express'
import { asyncQueryRouter, ElasticsearchStore, jwtCaller, MemoryStore } from 'express-esql-async-query'
import { answerCommands } from '../support/commands.mjs'
import { execute } from './engine.mjs'
import { resources, serve } from './serve.mjs'
import { MOST_BYTES, MOST_QUERIES } from './settings.mjs'

// The package as users get it, with one router or several: tokens checked by RS256, queries in memory or in a cluster.

const routers = {}
const faults = []
const warnings = new Map()

const logger = {
  debug() {},
  info() {},
  warn: (_, message) => warnings.set(message, (warnings.get(message) ?? 0) + 1),
  // What is logged as an error is a fault of ours. Who asked may have left, and then nobody else would tell.
  error: (fields, message) =>
    faults.push({ message, cause: String(fields?.err?.stack ?? JSON.stringify(fields)) }),
}

answerCommands({
  async start({ port, mounts, trust, cluster, sealingKeys }) {
    const resolveCaller = jwtCaller({ ...trust, algorithms: ['RS256'] })
    const app = express()
    for (const [prefix, kind] of Object.entries(mounts)) {
      const store = kind === 'memory' ? memoryStore() : new ElasticsearchStore({ url: cluster, sealingKeys })
      routers[prefix] = asyncQueryRouter({ store, resolveCaller, logger })
      app.use(prefix, routers[prefix])
    }
    await serve(app, port)
    return { pid: process.pid }
  },
  async state() {
    const waiting = Object.values(routers).reduce((sum, router) => sum + router.waiting, 0)
    return { waiting, ...(await resources()) }
  },
  /** What was logged since this was asked for last. */
  logged() {
    const logged = { faults: faults.splice(0), warnings: [...warnings] }
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
