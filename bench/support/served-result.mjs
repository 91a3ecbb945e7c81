import assert from 'node:assert/strict'
import { TRUST, tokenOf } from './callers.mjs'
import { assertTable, get, pathOf, submit } from './client.mjs'
import { Contestant, withContestants } from './contestant.mjs'
import { getRequest, Load } from './load.mjs'
import { ratios, summary } from './statistics.mjs'
import { makeRows } from './table.mjs'

const CONNECTIONS = 16

/** Signing a token takes longer than serving a request. */
const NEW_TOKENS_PER_ROUND = 200

/**
 * CPU time that each server process spends on a get of a completed result, in microseconds per request. The
 * contestants take turns in each round. `express` stands twice, so that the ratio of the two tells what the
 * machine makes of equals.
 */
export async function measureServedResult({ rows, warmUp, rounds, requestsPerRound, freshTokens, cpuProf }) {
  const token = tokenOf('alice')
  const profiling = cpuProf === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', cpuProf]
  const gatewayStart = Contestant.start('gateway', { trust: TRUST, rows }, profiling)
  return withContestants([gatewayStart], async (gateway) => {
    const id = await submit(gateway.started, token)
    const { body } = await get(gateway.started, pathOf(id), token)
    assertTable(JSON.parse(body), makeRows(rows))

    const config = { trust: TRUST, id, owner: `${TRUST.issuer} alice`, json: body.toString() }
    const peers = ['node-http', 'express-json', 'express-json', 'composition']
    const peerStarts = peers.map((name) => Contestant.start(name, config))
    return withContestants(peerStarts, async (http, express, expressAgain, composition) => {
      const request = getRequest(pathOf(id), token)
      const entrants = [
        ['gateway', gateway, () => request],
        ['http', http, () => request],
        ['express', express, () => request],
        ['expressAgain', expressAgain, () => request],
        ['composition', composition, () => request],
      ]
      if (freshTokens) {
        const tokens = Array.from({ length: rounds * NEW_TOKENS_PER_ROUND }, () => tokenOf('alice'))
        entrants.push([
          'newTokens',
          gateway,
          () => getRequest(pathOf(id), tokens.pop()),
          NEW_TOKENS_PER_ROUND,
        ])
      }
      const runners = []
      for (const [name, contestant, nextRequest, requests = requestsPerRound] of entrants) {
        await assertAnswers(name, contestant, { id, token, document: JSON.parse(body) })
        runners.push(await prepare({ name, contestant, nextRequest, requests, path: pathOf(id), token }))
      }
      const micros = await takeTurns(runners, { warmUp, rounds, request })
      for (const { load } of runners) load.close()
      return micros
    })
  })
}

async function assertAnswers(name, { started }, { id, token, document }) {
  const answer = await get(started, pathOf(id), token)
  assert.equal(answer.status, 200)
  assert.deepEqual(JSON.parse(answer.body), document)
  if (!['gateway', 'newTokens', 'composition'].includes(name)) return
  const refusals = [
    [404, await get(started, pathOf(id), tokenOf('mallory'))],
    [401, await get(started, pathOf(id), `${token.slice(0, -8)}AAAAAAAA`)],
    [401, await get(started, pathOf(id))],
    [400, await get(started, `${pathOf(id)}?unknown=1`, token)],
  ]
  for (const [expected, { status }] of refusals) assert.equal(status, expected)
}

async function prepare({ name, contestant, nextRequest, requests, path, token }) {
  const { started } = contestant
  const { body } = await get(started, path, token)
  const load = await Load.open({ ...started, connections: CONNECTIONS })
  return { name, contestant, nextRequest, requests, expected: body, load }
}

async function takeTurns(runners, { warmUp, rounds, request }) {
  for (const { load, expected } of runners) await load.run(warmUp, () => request, expected)
  const micros = Object.fromEntries(runners.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    const first = round % runners.length
    for (const runner of [...runners.slice(first), ...runners.slice(0, first)]) {
      const { name, contestant, load, nextRequest, requests, expected } = runner
      const before = await contestant.ask('cpu')
      await load.run(requests, nextRequest, expected)
      micros[name].push(((await contestant.ask('cpu')) - before) / requests)
    }
  }
  return micros
}

/** One line for each contestant, and one for what the machine makes of equals. */
export function describeServedResult(micros) {
  const cost = (name) => ({ ...summary(micros[name]), unit: 'µs CPU' })
  return [
    { what: 'this package, per request', ...cost('gateway') },
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
