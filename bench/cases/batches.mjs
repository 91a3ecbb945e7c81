import assert from 'node:assert/strict'
import { setTimeout } from 'node:timers/promises'
import { TRUST, tokenOf } from '../support/callers.mjs'
import { get, pathOf, submit } from '../support/client.mjs'
import { Contestant, withContestants } from '../support/contestant.mjs'
import { fetchSlowly } from '../support/slow-client.mjs'
import { extremes } from '../support/statistics.mjs'
import { streamedRow } from '../support/streamed-table.mjs'

export const question = 'What does a result of 1,000,000 rows take that an engine gives batch by batch?'

const ROWS = 1_000_000
const FORMATS = ['json', 'csv', 'tsv', 'md', 'yaml', 'cbor', 'smile', 'txt', 'arrow']
const ROUNDS = 3
const IDLE_MS = 3_000
const MIB = 2 ** 20

export async function run({ formats = FORMATS }) {
  const idle = []
  const rows = []
  for (const format of formats) rows.push(...(await measureFormat(format, idle)))
  return [{ what: 'an idle process, longest stall (noise)', ...extremes(idle), unit: 'ms' }, ...rows]
}

function measureFormat(format, idle) {
  return withContestants([Contestant.start('batches', { trust: TRUST, rows: ROWS })], async (gateway) => {
    const token = tokenOf('alice')
    const path = (id) => `${pathOf(id)}?format=${format}`
    // What is made for the first request is no part of what a result takes.
    const first = await submit(gateway.started, token, {
      query: 'FROM few',
      wait_for_completion_timeout: '60s',
    })
    await get(gateway.started, path(first), token)
    idle.push((await watched(gateway, () => setTimeout(IDLE_MS))).stallMs)
    await gateway.ask('idle')
    await gateway.ask('peak')

    const taken = await rounds(gateway, () => submitOnce(gateway, token))
    const id = taken.values.at(-1)
    const read = (isSlow) => rounds(gateway, () => fetchSlowly(gateway.started, path(id), token, { isSlow }))
    const [fast, slow] = [await read(false), await read(true)]
    const [body] = fast.values
    for (const other of [...fast.values, ...slow.values]) assert.ok(other.equals(body))
    assertRows[format]?.(body)
    const ahead = await gateway.ask('ahead')
    return [
      ...describe(`${format}: taking in`, taken),
      ...describe(`${format}: fast client`, fast),
      {
        what: `${format}: fast client`,
        ...extremes(fast.seconds.map((s) => body.length / MIB / s)),
        unit: 'MiB/s',
      },
      ...describe(`${format}: slow client`, slow),
      {
        what: `${format}: the engine ahead of the store`,
        value: ahead,
        unit: 'batches',
        goal: { atMost: 2 },
      },
    ]
  })
}

async function watched(gateway, use) {
  await gateway.ask('watch')
  const began = performance.now()
  const value = await use()
  const seconds = (performance.now() - began) / 1_000
  const { stallMs, ownStallMs } = await gateway.ask('watched')
  return { value, seconds, stallMs, ownStallMs, mib: (await gateway.ask('peak')) / MIB }
}

async function rounds(gateway, use) {
  const measured = []
  for (let round = 0; round < ROUNDS; round++) measured.push(await watched(gateway, use))
  const all = (name) => measured.map((each) => each[name])
  return {
    values: all('value'),
    seconds: all('seconds'),
    stalls: all('stallMs'),
    ownStalls: all('ownStallMs'),
    peaks: all('mib'),
  }
}

let kept

/** There is one result at a time. */
async function submitOnce({ started }, token) {
  if (kept?.port === started.port) {
    await fetch(`http://127.0.0.1:${started.port}${pathOf(kept.id)}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${token}` },
    })
  }
  const id = await submit(started, token, { wait_for_completion_timeout: '80s' })
  kept = { port: started.port, id }
  return id
}

function describe(what, { peaks, stalls, ownStalls }) {
  return [
    { what: `${what}, peak memory above idle`, ...extremes(peaks), unit: 'MiB', goal: { atMost: 64 } },
    {
      what: `${what}, longest stall of its own work`,
      ...extremes(ownStalls),
      unit: 'ms',
      goal: { atMost: 20 },
    },
    { what: `${what}, longest stall on the clock`, ...extremes(stalls), unit: 'ms', goal: { atMost: 20 } },
  ]
}

/** Checks every row. The other formats are compared with themselves here, and with rows in memory in the specs. */
const assertRows = {
  json(body) {
    const { values } = JSON.parse(body)
    assert.equal(values.length, ROWS)
    for (const [number, row] of values.entries()) assertRow(row, number)
  },
  csv(body) {
    const lines = body.toString().split('\r\n')
    assert.equal(lines.length, ROWS + 2)
    for (let number = 0; number < ROWS; number++)
      assert.equal(lines[number + 1], csvLine(streamedRow(number)))
  },
  tsv(body) {
    const lines = body.toString().split('\n')
    assert.equal(lines.length, ROWS + 2)
    for (let number = 0; number < ROWS; number++)
      assert.equal(lines[number + 1], streamedRow(number).join('\t'))
  },
}

function assertRow(row, number) {
  const expected = streamedRow(number)
  for (const [index, cell] of expected.entries()) if (row[index] !== cell) assert.deepEqual(row, expected)
}

function csvLine(row) {
  return row
    .map((cell) =>
      typeof cell === 'string' && cell.includes('"') ? `"${cell.replaceAll('"', '""')}"` : (cell ?? ''),
    )
    .join()
}
