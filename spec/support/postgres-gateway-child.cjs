'use strict'

// A gateway with a PostgresStore, in a process of its own. Plain JavaScript, because Node.js runs it as it is.

const [folder, settings] = process.argv.slice(2)
const { asyncQueryRouter, jwtCaller, PostgresStore, QueryError } = require(`${folder}/dist/index.js`)
const express = require('express')
const { Pool } = require('pg')

const { caller, url, store: options } = JSON.parse(settings)
const silent = { debug() {}, info() {}, warn() {}, error() {} }
const pool = new Pool({ connectionString: url, max: 5, connectionTimeoutMillis: 5_000 })
/** The queries that wait for the spec, by their texts. */
const running = new Map()

/** Tells who ran the query, and for whom. A query that begins with RUN ends when the spec says so. */
async function execute({ query }, { signal, owner }) {
  if (query.startsWith('FAIL')) {
    throw new QueryError('engine_exception', 'no disk', {
      status: 507,
      metadata: { bytes_wanted: 3, index: 'x' },
      headers: { 'Retry-After': '7' },
      causedBy: { type: 'io_exception', reason: 'full', causedBy: { type: 'inner', reason: 'root' } },
    })
  }
  if (query.startsWith('RUN')) {
    await new Promise((resolve, reject) => {
      running.set(query, resolve)
      signal.addEventListener('abort', () => reject(signal.reason))
      process.send({ runs: query })
    })
  }
  const columns = ['query', 'owner', 'process'].map((name) => ({ name, type: 'keyword' }))
  return { columns, values: [[query, owner, String(process.pid)]] }
}

const store = new PostgresStore({ ...options, pool, execute, logger: silent })
const router = asyncQueryRouter({ store, resolveCaller: jwtCaller(caller), logger: silent })
const server = express().use(router).listen(0, '127.0.0.1')

server.on('listening', async () => {
  await store.migrate()
  process.send({ url: `http://127.0.0.1:${server.address().port}` })
})

process.on('message', ({ complete }) => {
  running.get(complete)?.()
  process.send({ completed: complete })
})
// Ends with the spec, however that ends.
process.on('disconnect', () => process.exit())

process.on('SIGTERM', async () => {
  router.drain()
  server.close()
  const closing = store.close()
  process.send({ closing: true })
  await closing
  await pool.end()
  process.exit()
})
