import express from 'express'
import { asyncQueryRouter, esqlProductInfo, PostgresStore } from 'express-esql-async-query'
import pg from 'pg'
import { resolveCaller } from './callers.mjs'
import { createEngine } from './engine.mjs'

const [name, port] = process.argv.slice(2)

/** One pool for the store, and one for the engine, so that long statements keep none of the store waiting. */
const [own, engine] = [5, 20].map((max) => {
  const pool = new pg.Pool({
    connectionString: process.env.DATABASE_URL,
    connectionTimeoutMillis: 5_000,
    max,
  })
  // An idle connection that breaks is replaced. Without a listener it would end the process.
  pool.on('error', (error) => console.error(`${name}: ${error.message}`))
  return pool
})

const store = new PostgresStore({
  pool: own,
  execute: createEngine({ pool: engine, name }),
  onLost: 'rerun',
  // Shorter than the defaults, so that you see soon who has gone.
  heartbeatMs: 1_000,
  leaseMs: 5_000,
})
await store.migrate()

const app = express()
const router = asyncQueryRouter({ store, resolveCaller })
app.use(router, esqlProductInfo({ store, resolveCaller }))
const server = app.listen(Number(port), (error) => {
  if (error) throw error
  process.send({ url: `http://localhost:${server.address().port}` })
})

// Ends with the process that has started it, however that ends.
process.on('disconnect', () => process.exit())
