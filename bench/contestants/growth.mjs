import express from 'express'
import { asyncQueryRouter, jwtCaller, MemoryStore } from 'express-esql-async-query'
import { ManualClock } from 'express-esql-async-query/test-kit'
import { SealedIds } from '../../dist/stores/elasticsearch/ids/sealed-ids.js'
import { newSealingKey, readSealingKeys } from '../../dist/stores/elasticsearch/ids/sealing-keys.js'
import { answerCommands } from '../support/commands.mjs'
import { listen } from '../support/listen.mjs'
import { COLUMNS, makeRows } from '../support/table.mjs'

// The package without the limits that keep work from growing, and work of any size for it.

const KEPT = { waitForCompletionTimeoutMs: 0, keepAliveMs: 600_000, keepOnCompletion: true }
const UNLIMITED = {
  maxQueries: Number.POSITIVE_INFINITY,
  maxQueriesPerOwner: Number.POSITIVE_INFINITY,
  maxBytes: 2 ** 40,
  maxBytesPerOwner: 2 ** 40,
}

const OWNER = 'alice'
const IDS_PER_KEY = 500
const EMPTY = 'EMPTY'

const tables = new Map([[EMPTY, { columns: [], values: [] }]])
let release
let held

const store = new MemoryStore({ ...UNLIMITED, execute })
let router

answerCommands({
  start({ trust }) {
    const resolveCaller = jwtCaller({ ...trust, algorithms: ['HS256'] })
    const maxWaits = Number.POSITIVE_INFINITY
    router = asyncQueryRouter({ store, resolveCaller, maxWaits, maxWaitsPerOwner: maxWaits })
    return listen(express().use(router))
  },
  waiting: () => router.waiting,
  /** Lets the query end that is held. */
  complete: () => release(),

  /** Makes a table in advance, since engines are not what is measured, and resolves with its query. `columns`: a multiple of ten. */
  prepare({ rows, columns }) {
    const query = `${rows} x ${columns}`
    if (!tables.has(query)) tables.set(query, tableOf(rows, columns))
    return query
  },
  /** How the answer with that result ends. */
  tail(query) {
    const { columns, values } = tables.get(query)
    return JSON.stringify({ columns, values }).slice(1)
  },

  /** Submits a query for each of these owners. Resolves with their ids when all have ended. */
  async submit({ owners, query }) {
    const submitted = owners.map((owner) => store.submit({ query }, owner, KEPT))
    const ids = (await Promise.all(submitted)).map(({ id }) => id)
    if (query !== 'HOLD') {
      const wait = { waitForCompletionTimeoutMs: Number.POSITIVE_INFINITY }
      await Promise.all(ids.map((id, index) => store.get(id, owners[index], wait)))
    }
    return ids
  },
  async forget({ owners, ids }) {
    await Promise.all(ids.map((id, index) => store.delete(id, owners[index])))
  },

  /** So many queries begin, are read, are kept for longer, and expire one after the other. Resolves with the CPU time. */
  lives(queries) {
    return microsOf(async () => {
      const clock = new ManualClock()
      const lively = new MemoryStore({ ...UNLIMITED, clock, execute })
      await fill(lively, queries, (id, owner, number) => {
        const keepAliveMs = KEPT.keepAliveMs + number
        return lively.get(id, owner, { waitForCompletionTimeoutMs: 0, keepAliveMs })
      })
      await clock.advance(KEPT.keepAliveMs + queries)
      if (clock.pendingTimers > 0) throw new Error('some queries have not expired')
      await lively.close()
    })
  },

  /** Holds so many queries. */
  async hold(queries) {
    held = new MemoryStore({ ...UNLIMITED, execute })
    await fill(held, queries)
  },
  async holdNothing() {
    await held.close()
    held = undefined
  },

  /** Opens ids of so many keys. Resolves with the CPU time. */
  opening(keys) {
    const texts = Array.from({ length: keys }, newSealingKey)
    const ids = texts.map((text) => sealedIds([text]).seal({ upstreamId: 'a-query' }, OWNER))
    return microsOf(() => {
      const all = sealedIds(texts)
      for (let round = 0; round < IDS_PER_KEY; round++) {
        for (const id of ids) if (!all.open(id, OWNER)) throw new Error('an id cannot be opened')
      }
    })
  },
})

async function execute({ query }) {
  if (query === 'HOLD') {
    await new Promise((resolve) => {
      release = resolve
    })
    return tableOf(1, COLUMNS.length)
  }
  return tables.get(query)
}

/** Columns of the table of all benchmarks, as often as it takes. */
function tableOf(rows, columns) {
  const copies = Array.from({ length: columns / COLUMNS.length }, (_, copy) => copy)
  return {
    columns: copies.flatMap((copy) => COLUMNS.map(({ name, type }) => ({ name: `${name}-${copy}`, type }))),
    values: makeRows(rows).map((cells) => copies.flatMap(() => cells)),
  }
}

/** Submits queries of some owners. `each` comes after each of them. */
async function fill(filled, queries, each = () => {}) {
  for (let number = 0; number < queries; number++) {
    const owner = `owner ${number % 100}`
    const { id } = await filled.submit({ query: EMPTY }, owner, KEPT)
    await each(id, owner, number)
  }
}

function sealedIds(texts) {
  return new SealedIds(readSealingKeys(texts))
}

async function microsOf(work) {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return user + system
}
