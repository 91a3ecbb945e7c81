import assert from 'node:assert/strict'
import { ownerOf } from 'express-esql-async-query'
import { SECRET_TRUST, secretTokenOf, TRUST, tokenOf } from '../support/callers.mjs'
import { get, pathOf, submit } from '../support/client.mjs'
import { Contestant, withContestants } from '../support/contestant.mjs'
import { getRequest, Load } from '../support/load.mjs'
import { withPostgres } from '../support/postgres.mjs'
import { exponent, extremes } from '../support/statistics.mjs'
import { startWaiting, untilWaiting } from '../support/waiting.mjs'

export const question = 'Does work that doubles cost more than double?'

const ROUNDS = 3
/** How often each size doubles. */
const DOUBLINGS = 4
const GOAL = { atMost: 1.1 }
const CONNECTIONS = 16
/** Of each size, so that the smallest takes long enough to measure. */
const RESULTS = 8
const ALICE = ownerOf(TRUST.issuer, 'alice')

/** What doubles, from which size on, and what it costs, measured once for each of the titles: CPU time in microseconds, or bytes. */
const GROWING = [
  { titles: ['rows of a result: CPU'], from: 1_000, costs: (server, rows) => results(server, { rows }) },
  {
    titles: ['columns of a result: CPU'],
    from: 10,
    costs: (server, columns) => results(server, { columns }),
  },
  { titles: ['queries, from submit to expiry: CPU'], from: 2_000, costs: livesOf },
  { titles: ['queries held: heap'], from: 2_000, costs: heldQueries },
  { titles: ['owners, each with a token and a query: CPU'], from: 250, costs: owners },
  { titles: ['waits, until all are answered: CPU', 'waits: heap'], from: 250, costs: waitsOf },
  { titles: ['sealing keys, with ids of each: CPU'], from: 8, costs: openingOf },
]

/** Where there is one, nobody reads at another one, so that it is no size to grow from. */
const REPLICAS = [2, 4, 8]
/** Each replica runs so many queries, whose results clients read at another one. */
const QUERIES_PER_REPLICA = 150
/** So often before it is measured. New processes would look like growth. */
const REPLICA_WARM_UPS = 4

export async function run() {
  const rows = await withContestants(
    [Contestant.start('growth', { trust: SECRET_TRUST })],
    async (server) => {
      const measured = []
      for (const growing of GROWING) measured.push(...(await measure(server, growing)))
      return measured
    },
  )
  return [...rows, await measureReplicas()]
}

/** Each round gives an exponent, because a disturbance of the machine lasts longer than one. The first compiles the code. */
async function measure(server, { titles, from, costs }) {
  const sizes = Array.from({ length: DOUBLINGS + 1 }, (_, times) => from * 2 ** times)
  const rounds = []
  for (let round = 0; round <= ROUNDS; round++) {
    const measured = []
    for (const size of sizes) measured.push(await costs(server, size))
    if (round > 0) rounds.push(measured)
  }
  return titles.map((title, at) => {
    return row(
      title,
      sizes,
      rounds.map((measured) => measured.map((each) => each[at])),
    )
  })
}

/** `rounds`: for each round, the cost of each size. */
function row(title, sizes, rounds) {
  const what = `exponent of ${sizes[0]} to ${sizes.at(-1)} ${title}`
  return { what, ...extremes(rounds.map((costs) => exponent(sizes, costs))), unit: '', goal: GOAL }
}

/** CPU time of what a server does meanwhile, in microseconds. */
async function cpuOf(server, work) {
  const before = await server.ask('cpu')
  await work()
  return (await server.ask('cpu')) - before
}

/** Some results of this size are made, and each is read once. */
async function results(server, { rows = 500, columns = 10 }) {
  const table = { rows, columns }
  await server.ask('prepare', table)
  const token = secretTokenOf('alice')
  const owners = Array(RESULTS).fill(ALICE)
  const [ids, micros] = await read(server, { owners, tokens: owners.map(() => token), table })
  const { body } = await get(server.started, pathOf(ids[0]), token)
  const { columns: got, values } = JSON.parse(body)
  assert.deepEqual([values.length, got.length, values[0].length], [rows, columns, columns])
  await server.ask('forget', { owners, ids })
  return [micros]
}

/** Each owner has a query, and reads its result once, with a token that the server has not seen. */
async function owners(server, count) {
  const subjects = Array.from({ length: count }, (_, index) => `owner-${index}`)
  const owners = subjects.map((subject) => ownerOf(TRUST.issuer, subject))
  const tokens = subjects.map((subject) => secretTokenOf(subject))
  const [ids, micros] = await read(server, { owners, tokens, table: { rows: 1, columns: 10 } })
  await server.ask('forget', { owners, ids })
  return [micros]
}

/** Makes a result for each owner, and gets it with the token of that owner. Resolves with the ids and the CPU time. */
async function read(server, { owners, tokens, table }) {
  const query = await server.ask('prepare', table)
  const expected = Buffer.from(await server.ask('tail', query))
  const load = await Load.open({ ...server.started, connections: CONNECTIONS })
  let ids
  try {
    const micros = await cpuOf(server, async () => {
      ids = await server.ask('submit', { owners, query })
      let sent = 0
      const nextRequest = () => getRequest(pathOf(ids[sent]), tokens[sent++])
      await load.run(ids.length, nextRequest, expected)
    })
    return [ids, micros]
  } finally {
    load.close()
  }
}

async function livesOf(server, queries) {
  return [await server.ask('lives', queries)]
}

async function openingOf(server, keys) {
  return [await server.ask('opening', keys)]
}

async function heldQueries(server, queries) {
  const before = await server.ask('memory')
  await server.ask('hold', queries)
  const during = await server.ask('memory')
  await server.ask('holdNothing')
  return [during.heapUsed - before.heapUsed]
}

async function waitsOf(server, waits) {
  const owners = [ALICE]
  const ids = await server.ask('submit', { owners, query: 'HOLD' })
  const request = getRequest(pathOf(ids[0]), secretTokenOf('alice'))
  const before = await server.ask('memory')
  const beganMicros = await server.ask('cpu')
  return withContestants(startWaiting(server.started, request, waits), async (...clients) => {
    await untilWaiting(server, waits)
    const openedMicros = await server.ask('cpu')
    const during = await server.ask('memory')
    const answeredMicros = await cpuOf(server, async () => {
      const answers = clients.map((client) => client.ask('answers'))
      await server.ask('complete')
      const counted = (await Promise.all(answers)).flat()
      for (const [answer] of counted) assert.equal(answer.slice(0, 4), '200 ')
    })
    await server.ask('forget', { owners, ids })
    return [openedMicros - beganMicros + answeredMicros, during.heapUsed - before.heapUsed]
  })
}

/** Processes that share a PostgreSQL. Each brings its own users, so twice the replicas have twice the work. */
function measureReplicas() {
  return withPostgres({}, async ({ url }) => {
    const replicas = []
    const rounds = Array.from({ length: ROUNDS }, () => [])
    try {
      for (const size of REPLICAS) {
        while (replicas.length < size)
          replicas.push(await Contestant.start('postgres', { trust: TRUST, url }))
        for (let warmUp = 0; warmUp < REPLICA_WARM_UPS; warmUp++) await queriesOf(replicas)
        for (const costs of rounds) costs.push(await queriesOf(replicas))
      }
    } finally {
      await Promise.all(replicas.map((replica) => replica.stop()))
    }
    return row('replicas, each with its own users: CPU of all', REPLICAS, rounds)
  })
}

async function queriesOf(replicas) {
  const costs = replicas.map(async (replica, at) => {
    const other = replicas[(at + 1) % replicas.length]
    const token = tokenOf(`user-of-${at}`)
    return cpuOf(replica, async () => {
      for (let sent = 0; sent < QUERIES_PER_REPLICA; sent++) {
        const path = pathOf(await submit(replica.started, token))
        const { status } = await get(other.started, path, token)
        assert.equal(status, 200)
        await fetch(`http://127.0.0.1:${other.started.port}${path}`, {
          method: 'DELETE',
          headers: { authorization: `Bearer ${token}` },
        })
      }
    })
  })
  return (await Promise.all(costs)).reduce((sum, cost) => sum + cost, 0)
}
