import assert from 'node:assert/strict'
import { TRUST, tokenOf } from './callers.mjs'
import { assertTable, get, pathOf, submit } from './client.mjs'
import { Contestant, withContestants } from './contestant.mjs'
import { getRequest, Load } from './load.mjs'
import { ratios, summary } from './statistics.mjs'
import { makeRows } from './table.mjs'
import { takeTurns } from './turns.mjs'

const CONNECTIONS = 16

/**
 * CPU time that each server process spends on a get of a completed result, in microseconds per request. The
 * contestants take turns in each round. `express` runs twice, so that the ratio of the two shows the noise. `once` is
 * the package too, but each token and each result is new to it. A round has `newPerRound` of these.
 */
export async function measureServedResult({ rows, warmUp, rounds, requestsPerRound, newPerRound, cpuProf }) {
  const token = tokenOf('alice')
  const profiling = cpuProf === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', cpuProf]
  const gateways = [profiling, []].map((execArgv) =>
    Contestant.start('gateway', { trust: TRUST, rows }, { execArgv }),
  )
  return withContestants(gateways, async (gateway, onceGateway) => {
    const id = await submit(gateway.started, token)
    const { body } = await get(gateway.started, pathOf(id), token)
    assertTable(JSON.parse(body), makeRows(rows))

    const config = { trust: TRUST, id, owner: `${TRUST.issuer} alice`, json: body.toString() }
    const peers = ['node-http', 'express-json', 'express-json', 'composition']
    const peerStarts = peers.map((name) => Contestant.start(name, config))
    return withContestants(peerStarts, async (http, express, expressAgain, composition) => {
      for (const peer of [http, express, composition]) await assertAnswer(peer, id, token, JSON.parse(body))
      for (const checked of [gateway, composition]) await assertRefusals(checked, id, token)
      const entrants = { gateway, http, express, expressAgain, composition }
      const always = Object.entries(entrants).map(([name, contestant]) =>
        alwaysTheSame({ name, contestant, id, token, warmUp, requests: requestsPerRound }),
      )
      const runners = await Promise.all(always)
      runners.push(await eachOnce(onceGateway, { warmUp: warmUp / 3, requests: newPerRound, rounds }))
      return takeTurns(runners, rounds)
    })
  })
}

async function assertAnswer({ started }, id, token, document) {
  const answer = await get(started, pathOf(id), token)
  assert.equal(answer.status, 200)
  assert.deepEqual(JSON.parse(answer.body), document)
}

async function assertRefusals({ started }, id, token) {
  const refusals = [
    [404, await get(started, pathOf(id), tokenOf('mallory'))],
    [401, await get(started, pathOf(id), `${token.slice(0, -8)}AAAAAAAA`)],
    [401, await get(started, pathOf(id))],
    [400, await get(started, `${pathOf(id)}?unknown=1`, token)],
  ]
  for (const [expected, { status }] of refusals) assert.equal(status, expected)
}

/** A client that reads one result with one token again and again. */
async function alwaysTheSame({ name, contestant, id, token, warmUp, requests }) {
  const { started } = contestant
  const request = getRequest(pathOf(id), token)
  const { body } = await get(started, pathOf(id), token)
  const load = await Load.open({ ...started, connections: CONNECTIONS })
  return { name, contestant, load, warmUp, requests, expected: body, nextRequest: () => request }
}

/** Clients that read each result once, and have a new token each time, to warm up too. */
async function eachOnce(contestant, { warmUp, requests, rounds }) {
  const { started } = contestant
  const token = tokenOf('alice')
  const prepared = []
  for (let made = 0; made < warmUp + requests * rounds; made++) {
    const id = await submit(started, token)
    prepared.push(getRequest(pathOf(id), tokenOf('alice')))
  }
  const { body } = await get(started, pathOf(await submit(started, token)), token)
  const load = await Load.open({ ...started, connections: CONNECTIONS })
  // Only id and times differ.
  const expected = body.subarray(body.indexOf('"columns"'))
  return { name: 'once', contestant, load, warmUp, requests, expected, nextRequest: () => prepared.pop() }
}

/** One line for each contestant, and one for the noise. */
export function describeServedResult(micros) {
  const cost = (name) => ({ ...summary(micros[name]), unit: 'µs CPU' })
  return [
    { what: 'this package, per request', ...cost('gateway') },
    { what: 'the same, each token and result once, per request', ...cost('once') },
    { what: 'bare node:http, per request', ...cost('http') },
    { what: 'bare Express 5 with res.json, per request', ...cost('express') },
    { what: 'hand-written composition, per request', ...cost('composition') },
    {
      what: 'Express / the same Express (noise)',
      ...summary(ratios(micros.expressAgain, micros.express)),
      unit: 'x',
    },
  ]
}
