import assert from 'node:assert/strict'
import { TRUST, tokenOf } from './callers.mjs'
import { get, pathOf, submit } from './client.mjs'
import { answerBody, upstreamIdOf } from './cluster-answers.mjs'
import { Contestant, withContestants } from './contestant.mjs'
import { Connection, getRequest } from './load.mjs'

const GATEWAY = 'elasticsearch-gateway'

/** Starts a cluster, and a process in front of it for each of `scripts` (name: contestant). */
export function withEntrants(scripts, use) {
  return withContestants([Contestant.start('cluster', {})], async (cluster) => {
    const config = { cluster: `http://127.0.0.1:${cluster.started.port}`, trust: TRUST }
    const starts = Object.values(scripts).map((script) => Contestant.start(script, config))
    return withContestants(starts, async (...contestants) => {
      const names = Object.keys(scripts)
      const entrants = await Promise.all(contestants.map((contestant, at) => enter(names[at], contestant)))
      try {
        return await use(entrants)
      } finally {
        for (const { connection } of entrants) connection.close()
      }
    })
  })
}

async function enter(name, contestant) {
  const { started } = contestant
  const token = tokenOf('alice')
  const ids = { small: upstreamIdOf('small'), large: upstreamIdOf('large') }
  if (contestant.name === GATEWAY) {
    for (const result of Object.keys(ids)) ids[result] = await submitted(started, token, result)
  }
  const connection = await Connection.open(started.port)
  const question = (format, result) => ({
    path: `${pathOf(ids[result])}?format=${format}`,
    expected: answerBody(format, result, ids[result]),
  })
  const entrant = { name, contestant, token, connection, question }
  // The first request makes what later ones find ready.
  for (const format of ['csv', 'json']) await fetchOnce(entrant, format, 'small')
  return entrant
}

/** The gateway makes an id of its own, for its owner only. The others pass the cluster's id on. */
async function submitted(started, token, result) {
  const id = await submit(started, token, { query: `FROM ${result}` })
  assert.notEqual(id, upstreamIdOf(result))
  const { status } = await get(started, pathOf(id), tokenOf('mallory'))
  assert.equal(status, 404)
  return id
}

/** Milliseconds and MiB of one get. Rejects unless the answer is the expected one, byte for byte. */
export async function fetchOnce({ connection, question, token }, format, result) {
  const { path, expected } = question(format, result)
  const began = performance.now()
  await connection.exchange(getRequest(path, token), expected)
  return { ms: performance.now() - began, mib: expected.length / 2 ** 20 }
}

/** The entrants in order, with another first one in each round. */
export function inTurn(entrants, round) {
  const first = round % entrants.length
  return [...entrants.slice(first), ...entrants.slice(0, first)]
}
