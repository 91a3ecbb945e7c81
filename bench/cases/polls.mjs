import assert from 'node:assert/strict'
import { TRUST, tokenOf } from '../support/callers.mjs'
import { get, pathOf, submit } from '../support/client.mjs'
import { Contestant, withContestants } from '../support/contestant.mjs'
import { getRequest, Load } from '../support/load.mjs'
import { cpuOfServer, withPostgres } from '../support/postgres.mjs'
import { summary } from '../support/statistics.mjs'

export const question =
  'What does a poll cost with each store, the token known? docs/scale.md computes with that.'

const CONNECTIONS = 16
const WARM_UP = 5_000
const POLLS = 1_000
const ROUNDS = 11
/** Each user has a query. What is asked of one at a time, a process asks its database once. */
const QUERIES = 64
const MIB = 2 ** 20

const token = tokenOf('alice')

export function run() {
  return withPostgres({}, async (database) => [
    ...(await withContestants(
      [Contestant.start('gateway', { trust: TRUST, rows: 1, isHeld: true })],
      ofMemory,
    )),
    ...(await withContestants([Contestant.start('cluster')], ofElasticsearch)),
    ...(await ofPostgres(database)),
  ])
}

async function ofMemory(gateway) {
  const ids = await submitMany(gateway, 'FROM logs')
  return measure('MemoryStore, at once', gateway, running(ids, '0s'))
}

async function ofElasticsearch({ started: { port } }) {
  const config = { trust: TRUST, cluster: `http://127.0.0.1:${port}` }
  return withContestants([Contestant.start('elasticsearch-gateway', config)], async (gateway) => {
    const id = await submit(gateway.started, token, { query: 'FROM small' })
    return measure('ElasticsearchStore, at once', gateway, [`${pathOf(id)}?format=json`])
  })
}

/** Another process runs the query, as mostly where there are many. */
function ofPostgres(database) {
  const start = () => Contestant.start('postgres', { trust: TRUST, url: database.url })
  return withContestants([start(), start()], async (executor, gateway) => {
    const ids = await submitMany(executor, 'HOLD')
    const rows = [
      ...(await measure('PostgresStore, at once', gateway, running(ids, '0s'), database)),
      ...(await measure('PostgresStore, after a wait', gateway, running(ids, '20ms'), database)),
    ]
    const { rss } = await gateway.ask('memory')
    return [...rows, { what: 'memory of that process when nobody asks', value: rss / MIB, unit: 'MiB' }]
  })
}

async function submitMany({ started }, query) {
  const ids = []
  while (ids.length < QUERIES) {
    ids.push(await submit(started, token, { query, wait_for_completion_timeout: '0s' }))
  }
  return ids
}

function running(ids, wait) {
  return ids.map((id) => `${pathOf(id)}?wait_for_completion_timeout=${wait}`)
}

/** CPU of the gateway, and of its database. */
async function measure(what, gateway, paths, database) {
  const { status, body } = await get(gateway.started, paths[0], token)
  assert.equal(status, 200)
  assert.equal(JSON.parse(body).is_running, paths.length > 1)
  // Before the rows are the id and the times, which differ.
  const expected = body.subarray(body.indexOf('"columns"'))
  const load = await Load.open({ ...gateway.started, connections: CONNECTIONS })
  let polls = 0
  const nextRequest = () => getRequest(paths[polls++ % paths.length], token)
  const poll = (count) => load.run(count, nextRequest, expected)
  await poll(WARM_UP)
  const micros = { gateway: [], database: [] }
  for (let round = 0; round < ROUNDS; round++) {
    const before = await costs(gateway, database)
    await poll(POLLS)
    const after = await costs(gateway, database)
    micros.gateway.push((after.gateway - before.gateway) / POLLS)
    micros.database.push((after.database - before.database) / POLLS)
  }
  load.close()
  return [
    { what: `poll of ${what}`, ...summary(micros.gateway), unit: 'µs CPU' },
    ...(database
      ? [{ what: `poll of ${what}: PostgreSQL`, ...summary(micros.database), unit: 'µs CPU' }]
      : []),
  ]
}

async function costs(gateway, database) {
  return { gateway: await gateway.ask('cpu'), database: database ? cpuOfServer(database) : 0 }
}
