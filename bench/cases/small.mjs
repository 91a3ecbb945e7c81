import assert from 'node:assert/strict'
import { TRUST, tokenOf } from '../support/callers.mjs'
import { get, pathOf, submit } from '../support/client.mjs'
import { Contestant, withContestants } from '../support/contestant.mjs'
import { getRequest, Load, postRequest } from '../support/load.mjs'
import { ratios, summary } from '../support/statistics.mjs'
import { COLUMNS, makeRows } from '../support/table.mjs'
import { inNewProcesses, takeTurns } from '../support/turns.mjs'

export const question =
  'How much CPU do small requests cost: a poll of a query that runs, and a submit that completes at once?'

const CONNECTIONS = 16
const PROCESSES = 3
const ROUNDS = 9
const COMMON = { warmUp: 10_000, requests: 2_000 }

/** 100 bytes, as a query of a dashboard. */
const QUERY =
  '{"query":"FROM logs | WHERE status >= 500 | SORT @timestamp | LIMIT 1000","keep_on_completion":true}'
/** 100 bytes, as an answer that says that a query runs. */
const SAYS_RUNNING = `{"id":"${'x'.repeat(61)}==","is_running":true,"took":12}`

export async function run({ cpuProf }) {
  for (const text of [QUERY, SAYS_RUNNING]) assert.equal(text.length, 100)
  return rowsOf(await inNewProcesses(PROCESSES, () => measure(cpuProf)))
}

async function measure(cpuProf) {
  const profiling = cpuProf === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', cpuProf]
  const starts = [
    Contestant.start('gateway', { trust: TRUST, rows: 1, isHeld: true }, { execArgv: profiling }),
    Contestant.start('gateway', { trust: TRUST, rows: 1 }, { execArgv: profiling }),
    Contestant.start('express-json', { json: SAYS_RUNNING }),
    Contestant.start('express-json', { json: SAYS_RUNNING }),
  ]
  return withContestants(starts, async (running, completing, polled, submitted) => {
    const token = tokenOf('alice')
    const entrants = await Promise.all([
      poll('poll', running, await runningPath(running, token), token),
      poll('expressPoll', polled, pathOf('any'), token),
      submits('submit', completing, token, await resultOf(completing, token)),
      submits('expressSubmit', submitted, token, Buffer.from(SAYS_RUNNING)),
    ])
    return takeTurns(entrants, ROUNDS)
  })
}

function rowsOf(micros) {
  const ratio = (name, other) => ({ ...summary(ratios(micros[name], micros[other])), unit: 'x' })
  const cost = (name) => ({ ...summary(micros[name]), unit: 'µs CPU' })
  return [
    {
      what: 'poll that says is_running, token known / bare Express 5 that sends 100 bytes',
      ...ratio('poll', 'expressPoll'),
      goal: { atMost: 0.9 },
    },
    {
      what: 'submit of 100 bytes that completes at once, kept / bare Express 5 with express.json',
      ...ratio('submit', 'expressSubmit'),
      goal: { atMost: 1.5 },
    },
    { what: 'poll that says is_running, per request', ...cost('poll') },
    { what: 'bare Express 5 that sends 100 bytes, per request', ...cost('expressPoll') },
    { what: 'submit that completes at once, per request', ...cost('submit') },
    { what: 'bare Express 5 with express.json, per request', ...cost('expressSubmit') },
  ]
}

/** The path of a query that runs as long as its server. Strangers do not find it. */
async function runningPath({ started }, token) {
  const id = await submit(started, token, { wait_for_completion_timeout: '1ms' })
  assert.equal((await get(started, pathOf(id), tokenOf('mallory'))).status, 404)
  return `${pathOf(id)}?wait_for_completion_timeout=0`
}

async function poll(name, contestant, path, token) {
  const { status, body } = await get(contestant.started, path, token)
  assert.equal(status, 200)
  assert.equal(JSON.parse(body).is_running, true)
  return runner(name, contestant, getRequest(path, token), body)
}

/** What the answer to a submit ends with, and a get of its query too. Only id and times differ. */
async function resultOf({ started }, token) {
  const id = await submit(started, token)
  const { body } = await get(started, pathOf(id), token)
  const { columns, values } = JSON.parse(body)
  assert.deepEqual({ columns, values }, { columns: COLUMNS, values: makeRows(1) })
  return body.subarray(body.indexOf('"columns"'))
}

function submits(name, contestant, token, expected) {
  return runner(name, contestant, postRequest('/_query/async', token, QUERY), expected)
}

async function runner(name, contestant, request, expected) {
  const load = await Load.open({ ...contestant.started, connections: CONNECTIONS })
  return { name, contestant, load, expected, nextRequest: () => request, ...COMMON }
}
