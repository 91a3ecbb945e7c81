import express from 'express'
import { asyncQueryRouter, MemoryStore } from 'express-esql-async-query'
import { answerCommands } from '../support/commands.mjs'
import { execute } from './engine.mjs'
import { resources, serve } from './serve.mjs'

// A cluster as gateways see it. It outlives them. One service account owns every query, so whoever knows an id of the
// cluster can read its result. Only the sealing of ids keeps the owners apart.

const MOST = 1_000_000_000

const store = new MemoryStore({
  execute,
  maxQueries: MOST,
  maxQueriesPerOwner: MOST,
  maxBytes: MOST,
  maxBytesPerOwner: MOST,
})
// Elasticsearch's server answers a get without the parameter at once.
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
