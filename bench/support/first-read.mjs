import assert from 'node:assert/strict'
import { ownerOf } from 'express-esql-async-query'
import { TRUST, tokenOf } from './callers.mjs'
import { assertTable, get, pathOf, submit } from './client.mjs'
import { Contestant, withContestants } from './contestant.mjs'
import { getRequest, Load } from './load.mjs'
import { makeRows } from './table.mjs'
import { inNewProcesses, takeTurns } from './turns.mjs'

const CONNECTIONS = 16

const OWNER = ownerOf(TRUST.issuer, 'alice')

/** `processes`: how often all of it is measured with new ones. */
export async function measureFirstRead({ processes = 1, ...options }) {
  let verifyMicros
  const micros = await inNewProcesses(processes, async () => {
    const measured = await measureOnce(options)
    verifyMicros = measured.verifyMicros
    return measured.micros
  })
  return { micros, verifyMicros }
}

/**
 * CPU time per request of the first read of a completed result, in microseconds: `known` with a token that the server has seen, `fresh`
 * with a new token for each read, both beside `express`, which runs twice. What all reads of a server get is new to it.
 */
async function measureOnce({ rows, warmUp, rounds, requestsPerRound, kinds, cpuProf }) {
  const profiling = cpuProf === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', cpuProf]
  const gateways = kinds.map(() =>
    Contestant.start('gateway', { trust: TRUST, rows }, { execArgv: profiling }),
  )
  return withContestants(gateways, async (...contestants) => {
    const body = await checkedBody(contestants[0], rows)
    const express = [1, 2].map(() => Contestant.start('express-json', { json: body.toString() }))
    return withContestants(express, async (...peers) => {
      const common = { warmUp, requests: requestsPerRound }
      const runners = await Promise.all([
        ...contestants.map((contestant, at) => firstReads(kinds[at], contestant, body, common)),
        ...peers.map((contestant, at) =>
          sameRead(at === 0 ? 'express' : 'expressAgain', contestant, body, common),
        ),
      ])
      const micros = await takeTurns(runners, rounds)
      const verify = contestants[0].ask('verify', tokenOf('alice'))
      return { micros, verifyMicros: await verify }
    })
  })
}

/** A body that is the table and nothing else, and that strangers do not get. */
async function checkedBody({ started }, rows) {
  const id = await submit(started, tokenOf('alice'))
  const { status, body } = await get(started, pathOf(id), tokenOf('alice'))
  assert.equal(status, 200)
  assertTable(JSON.parse(body), makeRows(rows))
  assert.equal((await get(started, pathOf(id), tokenOf('mallory'))).status, 404)
  return body
}

async function firstReads(kind, contestant, body, common) {
  const token = tokenOf('alice')
  const prepared = []
  const prepare = async (count) => {
    assert.equal(prepared.length, 0)
    const ids = await contestant.ask('prepare', { count, owner: OWNER })
    prepared.push(...ids.map((id) => getRequest(pathOf(id), kind === 'fresh' ? tokenOf('alice') : token)))
  }
  const load = await Load.open({ ...contestant.started, connections: CONNECTIONS })
  // Only id and times differ.
  const expected = body.subarray(body.indexOf('"columns"'))
  return { name: kind, contestant, load, prepare, expected, nextRequest: () => prepared.pop(), ...common }
}

async function sameRead(name, contestant, body, common) {
  const answer = await get(contestant.started, pathOf('any'))
  assert.equal(answer.status, 200)
  assert.deepEqual(JSON.parse(answer.body), JSON.parse(body))
  const load = await Load.open({ ...contestant.started, connections: CONNECTIONS })
  const request = getRequest(pathOf('any'), tokenOf('alice'))
  return { name, contestant, load, expected: answer.body, nextRequest: () => request, ...common }
}
