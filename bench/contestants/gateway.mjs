import { createPublicKey, verify } from 'node:crypto'
import express from 'express'
import { asyncQueryRouter, jwtCaller, MemoryStore } from 'express-esql-async-query'
import { answerCommands } from '../support/commands.mjs'
import { listen } from '../support/listen.mjs'
import { COLUMNS, makeRows } from '../support/table.mjs'

// The package as users get it: the router, tokens checked by RS256, queries in memory.

/** Large results are many here, and all of one owner. */
const MOST_BYTES = 2 ** 30
const MOST_QUERIES = 100_000

const VERIFICATIONS = 2_000

let complete
const completion = new Promise((resolve) => {
  complete = resolve
})
let waiting = 0
let store
let key
let prepared = []

/** Counts who waits. */
class CountedStore extends MemoryStore {
  get(...question) {
    waiting++
    return super.get(...question)
  }
}

answerCommands({
  async start({ trust, rows, isHeld = false, leakMicros = 0 }) {
    // Ready, as the answer of a bare server is: what an engine takes to make rows is no cost of the package.
    const values = makeRows(rows)
    const memory = new CountedStore({
      maxBytes: MOST_BYTES,
      maxBytesPerOwner: MOST_BYTES,
      maxQueries: MOST_QUERIES,
      maxQueriesPerOwner: MOST_QUERIES,
      execute: async () => {
        if (isHeld) await completion
        return { columns: COLUMNS, values }
      },
    })
    store = leakMicros > 0 ? leaking(memory, leakMicros) : memory
    key = createPublicKey(trust.key)
    const resolveCaller = jwtCaller({ ...trust, algorithms: ['RS256'] })
    const app = express()
    app.use(asyncQueryRouter({ store, resolveCaller }))
    return listen(app)
  },
  waiting: () => waiting,
  complete: () => complete(),
  /** Gives the ids of so many new results of an owner, and forgets those before. Leaves no work to collections during the next requests. */
  async prepare({ count, owner }) {
    for (const id of prepared) await store.delete(id, owner)
    prepared = []
    const options = { waitForCompletionTimeoutMs: 60_000, keepAliveMs: 3_600_000, keepOnCompletion: true }
    for (let made = 0; made < count; made++) {
      const { id } = await store.submit({ query: 'FROM logs' }, owner, options)
      prepared.push(id)
    }
    // Twice: what has survived both is old, and no later collection moves it.
    for (let pass = 0; pass < 2; pass++) globalThis.gc({ type: 'minor' })
    return prepared
  },
  /** The CPU that Node.js itself takes to check the signature of a token, in microseconds. */
  verify(token) {
    const [header, payload, signature] = token.split('.')
    const signed = Buffer.from(`${header}.${payload}`)
    const bytes = Buffer.from(signature, 'base64url')
    const before = process.cpuUsage()
    for (let time = 0; time < VERIFICATIONS; time++) {
      if (!verify('sha256', signed, key, bytes)) throw new Error('the signature is wrong')
    }
    const { user, system } = process.cpuUsage(before)
    return (user + system) / VERIFICATIONS
  },
})

/** A store that takes longer to refuse an id that exists: what a test of its timing has to find. */
function leaking(memory, micros) {
  const ids = new Set()
  return {
    async submit(...submission) {
      const query = await memory.submit(...submission)
      ids.add(query.id)
      return query
    },
    async get(id, ...rest) {
      const query = await memory.get(id, ...rest)
      const end = performance.now() + micros / 1_000
      while (query === undefined && ids.has(id) && performance.now() < end);
      return query
    },
  }
}
