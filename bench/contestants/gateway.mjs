import express from 'express'
import { asyncQueryRouter, jwtCaller, MemoryStore } from 'express-esql-async-query'
import { answerCommands } from '../support/commands.mjs'
import { listen } from '../support/listen.mjs'
import { COLUMNS, makeRows } from '../support/table.mjs'

// The package as users get it: the router, tokens checked by RS256, queries in memory.

/** Large results are many here, and all of one owner. */
const MOST_BYTES = 2 ** 30
const MOST_QUERIES = 10_000

let complete
const completion = new Promise((resolve) => {
  complete = resolve
})
let waiting = 0

answerCommands({
  async start({ trust, rows, isHeld = false, leakMicros = 0 }) {
    const memory = new MemoryStore({
      maxBytes: MOST_BYTES,
      maxBytesPerOwner: MOST_BYTES,
      maxQueriesPerOwner: MOST_QUERIES,
      execute: async () => {
        if (isHeld) await completion
        return { columns: COLUMNS, values: makeRows(rows) }
      },
    })
    const counted = {
      submit: (...submission) => memory.submit(...submission),
      get(...question) {
        waiting++
        return memory.get(...question)
      },
    }
    const store = leakMicros > 0 ? leaking(memory, leakMicros) : counted
    const resolveCaller = jwtCaller({ ...trust, algorithms: ['RS256'] })
    const app = express()
    app.use(asyncQueryRouter({ store, resolveCaller }))
    return listen(app)
  },
  waiting: () => waiting,
  complete: () => complete(),
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
