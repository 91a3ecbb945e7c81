import express from 'express'
import { asyncQueryRouter, jwtCaller, MemoryStore } from 'express-esql-async-query'
import { answerCommands } from '../support/commands.mjs'
import { listen } from '../support/listen.mjs'
import { peakMemory } from '../support/peak-memory.mjs'
import { STREAMED_COLUMNS, streamedRows } from '../support/streamed-table.mjs'

// The package with an engine that gives its rows batch by batch.

const BATCH_ROWS = 1_000

let made = 0
let kept = 0
let furthestAhead = 0

/** Counts the times that the store has counted more: at least once for each batch. */
const instrument = { add: () => {}, record: () => {} }
const meter = {
  createCounter: () => instrument,
  createHistogram: () => instrument,
  createUpDownCounter: (name) => ({
    add(bytes) {
      if (name === 'esql_async.store.size' && bytes !== 0) kept += 1
    },
  }),
}

answerCommands({
  ...peakMemory,
  start({ trust, rows }) {
    const store = new MemoryStore({
      meterProvider: { getMeter: () => meter },
      execute: ({ query }) => ({
        columns: STREAMED_COLUMNS,
        values: batches(query === 'FROM logs' ? rows : 10_000),
      }),
    })
    const app = express()
    app.use(asyncQueryRouter({ store, resolveCaller: jwtCaller({ ...trust, algorithms: ['RS256'] }) }))
    return listen(app)
  },
  /** How many batches the engine was ahead of the store at most. */
  ahead: () => furthestAhead,
})

async function* batches(rows) {
  made = kept = 0
  for (let begin = 0; begin < rows; begin += BATCH_ROWS) {
    made += 1
    furthestAhead = Math.max(furthestAhead, made - kept)
    yield streamedRows(begin, Math.min(begin + BATCH_ROWS, rows))
  }
}
