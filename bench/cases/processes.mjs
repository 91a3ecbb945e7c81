import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { newSealingKey } from 'express-esql-async-query'
import { TRUST, tokenOf } from '../support/callers.mjs'
import { get, pathOf, submit } from '../support/client.mjs'
import { Contestant, withContestants } from '../support/contestant.mjs'
import { getRequest, Load } from '../support/load.mjs'
import { ratios, summary } from '../support/statistics.mjs'

export const question = 'Do two processes behind one port serve twice as much as one?'

const ROUNDS = 11
/** For each process, since twice the processes have twice the clients. */
const WARM_UP = 3_000
const REQUESTS = 1_000
const CONNECTIONS = 16
/** Two gateways, the client and the cluster each need a core of their own. */
const CORES = 4

export function run() {
  return withContestants([Contestant.start('cluster')], ({ started: { port } }) => {
    const config = { trust: TRUST, cluster: `http://127.0.0.1:${port}`, sealingKey: newSealingKey() }
    const layouts = [1, 2].map((processes) => Contestant.start('processes', { ...config, processes }))
    return withContestants(layouts, measure)
  })
}

async function measure(one, two) {
  const token = tokenOf('alice')
  // What one gateway has sealed, all can open.
  const path = `${pathOf(await submit(one.started, token, { query: 'FROM small' }))}?format=json`
  const layouts = []
  for (const [contestant, processes] of [
    [one, 1],
    [two, 2],
  ]) {
    const { status, body } = await get(contestant.started, path, token)
    assert.equal(status, 200)
    assert.equal(JSON.parse(body).is_running, false)
    const load = await Load.open({ ...contestant.started, connections: processes * CONNECTIONS })
    const send = (count) => load.run(processes * count, () => getRequest(path, token), body)
    layouts.push({ contestant, load, send, requests: processes * REQUESTS, micros: [], seconds: [] })
    await send(WARM_UP)
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const layout of round % 2 ? layouts.toReversed() : layouts) await measureRound(layout)
  }
  await assertShared(two)
  for (const { load } of layouts) load.close()
  return report(...layouts)
}

/** Per request. */
async function measureRound({ contestant, send, requests, micros, seconds }) {
  const before = await contestant.ask('all')
  const began = performance.now()
  await send(REQUESTS)
  seconds.push((performance.now() - began) / 1_000 / requests)
  micros.push(((await contestant.ask('all')).micros - before.micros) / requests)
}

async function assertShared(contestant) {
  const { requests } = await contestant.ask('all')
  const all = requests.reduce((sum, count) => sum + count, 0)
  for (const count of requests)
    assert.ok(count > all / 3, `one of the processes got ${count} of ${all} requests`)
}

function report(one, two) {
  return [
    {
      what: 'requests per CPU second of two processes behind one port / of one process',
      ...summary(ratios(one.micros, two.micros)),
      unit: 'x',
      goal: { atLeast: 0.9 },
    },
    // With fewer cores, the client and the cluster take from the second gateway what it would need.
    ...(availableParallelism() >= CORES
      ? [
          {
            what: 'requests per second of two processes behind one port / of one process',
            ...summary(ratios(one.seconds, two.seconds)),
            unit: 'x',
            goal: { atLeast: 1.8 },
          },
        ]
      : []),
    { what: 'a get through the one process', ...summary(one.micros), unit: 'µs CPU' },
    { what: 'a get through the two processes, all CPU included', ...summary(two.micros), unit: 'µs CPU' },
  ]
}
