import express from 'express'
import { asyncQueryRouter, MemoryStore } from 'express-esql-async-query'
import { answerCommands } from '../support/commands.mjs'
import { execute } from './engine.mjs'
import { resources, serve } from './serve.mjs'

// A cluster as gateways see it, which outlives them: one service account owns every query, so whoever knows an id of
// the cluster could read its result. Nothing but the sealing of ids stands between the owners.

const MOST = 1_000_000_000

const store = new MemoryStore({
  execute,
  maxQueries: MOST,
  maxQueriesPerOwner: MOST,
  maxBytes: MOST,
  maxBytesPerOwner: MOST,
})
// Without the parameter Elasticsearch's server answers at once.
const router = asyncQueryRouter({
  store,
  resolveCaller: () => ({ owner: 'service account' }),
  waitByDefault: false,
})

answerCommands({
  async start({ port }) {
    await serve(express().use(router), port)
  },
  resources,
})
