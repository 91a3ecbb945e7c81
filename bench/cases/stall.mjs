import assert from 'node:assert/strict'
import { TRUST, tokenOf } from '../support/callers.mjs'
import { assertTable, pathOf, submit } from '../support/client.mjs'
import { Contestant, withContestants } from '../support/contestant.mjs'
import { fetchSlowly } from '../support/slow-client.mjs'
import { extremes } from '../support/statistics.mjs'
import { makeRows } from '../support/table.mjs'
import { assertWritten } from '../support/written.mjs'

export const question =
  'How long does a response of 100,000 rows delay other requests, and how much memory does it take?'

const ROWS = 100_000
const ROUNDS = 5
const IDLE_MS = 500
const FORMATS = ['json', 'csv', 'tsv', 'yaml', 'cbor', 'smile', 'txt', 'md', 'arrow']

/** `formats`: measures just these, and not what Express does. */
export async function run({ formats }) {
  const table = makeRows(ROWS)
  const idle = []
  const rows = []
  for (const format of formats ?? FORMATS) rows.push(...(await measureFormat(format, table, idle)))
  if (formats === undefined) rows.push(...(await measureResJson(table)))
  return [{ what: 'an idle process, stall (noise)', ...extremes(idle), unit: 'ms' }, ...rows]
}

function measureFormat(format, table, idle) {
  return withContestants([Contestant.start('gateway', { trust: TRUST, rows: ROWS })], async (gateway) => {
    const token = tokenOf('alice')
    const id = await submit(gateway.started, token, { wait_for_completion_timeout: '60s' })
    const path = `${pathOf(id)}?format=${format}`
    for (let round = 0; round < ROUNDS; round++) {
      await gateway.ask('watch')
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
      idle.push((await gateway.ask('watched')).ownStallMs)
    }
    const slow = await stream(gateway, path, token, { isSlow: true })
    const fast = await stream(gateway, path, token, { isSlow: false })
    assertBody(format, slow.body, table)
    return describe(format, slow, fast)
  })
}

/** What Express does with the same result. It writes one text, and no other request gets a turn before that. */
async function measureResJson(table) {
  const json = JSON.stringify({ is_running: false, values: table })
  return withContestants([Contestant.start('express-json', { json })], async (express) => {
    const slow = await stream(express, '/_query/async/id', undefined, { isSlow: true })
    const fast = await stream(express, '/_query/async/id', undefined, { isSlow: false })
    return describe('res.json of Express', slow, fast).map(({ goal, ...row }) => row)
  })
}

/** Time in which the process had no core is nobody's stall. */
async function stream(server, path, token, options) {
  const stalls = []
  const growths = []
  let body
  for (let round = 0; round < ROUNDS; round++) {
    await server.ask('watch')
    body = await fetchSlowly(server.started, path, token, options)
    const { ownStallMs, growth } = await server.ask('watched')
    stalls.push(ownStallMs)
    growths.push(growth / 2 ** 20)
  }
  return { stalls, growths, body }
}

function describe(what, slow, fast) {
  const goal = { atMost: 12 }
  return [
    { what: `${what}: longest stall, slow client`, ...extremes(slow.stalls), unit: 'ms', goal },
    { what: `${what}: longest stall, fast client`, ...extremes(fast.stalls), unit: 'ms', goal },
    { what: `${what}: peak memory, slow client`, ...extremes(slow.growths), unit: 'MiB' },
  ]
}

function assertBody(format, body, table) {
  if (format === 'json') assertTable(JSON.parse(body), table)
  else if (format === 'yaml') assert.match(body.toString(), /^---\nid: /)
  else assertWritten[format](body, table)
}
