import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { TRUST, tokenOf } from '../support/callers.mjs'
import { assertTable, get, pathOf, submit } from '../support/client.mjs'
import { Contestant, withContestants } from '../support/contestant.mjs'
import { getRequest, Load } from '../support/load.mjs'
import { withPostgres } from '../support/postgres.mjs'
import { fetchSlowly } from '../support/slow-client.mjs'
import { extremes, ratios, summary } from '../support/statistics.mjs'
import { streamedRow } from '../support/streamed-table.mjs'
import { makeRows } from '../support/table.mjs'

export const question =
  'What do queries in PostgreSQL cost beside queries in memory, in processes that share them?'

const ROUNDS = 5
const FAST_QUERIES = 200
const HEAP_WAITS = 10_000
const STREAMED_ROWS = 1_000_000
const STREAM_ROUNDS = 3
const POLLS = 1_000
const POLL_ROUNDS = 11
const CONNECTIONS = 16
const MIB = 2 ** 20

const token = tokenOf('alice')

export function run({ cpuProf }) {
  // Flushed to the disk, as the database of a user.
  return withPostgres({ fsync: 'on' }, async ({ url }) => [
    ...(await measureFastQueries(url)),
    ...(await measureWakeUp(url, 1_000, 250)),
    ...(await measureWakeUp(url, 10_000, 1_000)),
    ...(await measureHeap(url)),
    ...(await measureLargeResult(url)),
    ...(await measurePolls(url, cpuProf)),
  ])
}

function start(url, execArgv = []) {
  return Contestant.start('postgres', { trust: TRUST, url }, { execArgv })
}

function measureFastQueries(url) {
  return withContestants([start(url)], async (gateway) => {
    await gateway.ask('statements')
    for (let sent = 0; sent < FAST_QUERIES; sent++) {
      const id = await submit(gateway.started, token, { query: 'FROM logs', keep_on_completion: false })
      assert.equal(id, undefined)
    }
    const { length } = await gateway.ask('statements')
    const what = `statements of ${FAST_QUERIES} queries that end within their wait and are not kept`
    return [{ what, value: length, unit: '', goal: { atMost: 0 } }]
  })
}

/** One process runs a query, and requests wait for it in another. */
function measureWakeUp(url, waits, goalMs) {
  return withContestants([start(url), start(url)], async (executor, other) => {
    const times = []
    const counts = []
    for (let round = 0; round <= ROUNDS; round++) {
      const id = await executor.ask('submit')
      await other.ask('wait', { id, waits })
      // All of them have read that it runs.
      await quiet(other)
      await other.ask('statements')
      const releasedMs = await executor.ask('release')
      const { lastMs } = await allAnswered(other, waits)
      const statements = await other.ask('statements')
      // The first round compiles the code.
      if (round === 0) continue
      times.push(lastMs - releasedMs)
      counts.push(statements.length)
    }
    return [
      {
        what: `${waits} waits in another process: from the end of the engine to the last answer`,
        ...extremes(times),
        unit: 'ms',
        goal: { atMost: goalMs },
      },
      {
        what: `${waits} waits: statements of that process, from the end of the engine to the last answer`,
        ...extremes(counts),
        unit: '',
        ...(waits === 1_000 && { goal: { atMost: 2 } }),
      },
    ]
  })
}

/** Resolves when the process has sent nothing for some time but polls of what it waits for. */
async function quiet(contestant) {
  const isRead = (text) => !text.includes('unnest(')
  for (let reads = 1; reads > 0; ) {
    await pause(1_000)
    reads = (await contestant.ask('statements')).filter(isRead).length
  }
}

async function allAnswered(contestant, waits) {
  for (;;) {
    const told = await contestant.ask('waited')
    if (told.answered === waits) return told
    await pause(20)
  }
}

function measureHeap(url) {
  return withContestants([start(url), start(url), start()], async (executor, other, memory) => {
    const shared = []
    const local = []
    for (let round = 0; round <= ROUNDS; round++) {
      const pairs = [
        [executor, other, shared],
        [memory, memory, local],
      ]
      for (const [runner, waiter, values] of pairs) {
        const id = await runner.ask('submit')
        const before = await waiter.ask('memory')
        await waiter.ask('wait', { id, waits: HEAP_WAITS })
        await pause(3_000)
        const during = await waiter.ask('memory')
        await runner.ask('release')
        await allAnswered(waiter, HEAP_WAITS)
        if (round > 0) values.push((during.heapUsed - before.heapUsed) / HEAP_WAITS / 1024)
      }
    }
    return [
      {
        what: 'heap of a wait for a query of another process, beside one of MemoryStore',
        ...extremes(ratios(shared, local)),
        unit: 'x',
        goal: { atMost: 1.2 },
      },
      { what: 'heap of such a wait', ...extremes(shared), unit: 'KiB' },
      { what: 'heap of a wait of MemoryStore', ...extremes(local), unit: 'KiB' },
    ]
  })
}

/** 107 MB of JSON go from an engine through one process into the tables, and through another to a client. */
function measureLargeResult(url) {
  return withContestants([start(url), start(url)], async (writer, reader) => {
    // What is made for the first request is no part of what a result takes.
    const first = await submitStream(writer, 10_000)
    await fetchSlowly(reader.started, pathOf(first), token, { isSlow: false })
    const peaks = { written: [], read: [] }
    const seconds = []
    for (const contestant of [writer, reader]) {
      await contestant.ask('idle')
      await contestant.ask('peak')
    }
    let bytes = 0
    for (let round = 0; round < STREAM_ROUNDS; round++) {
      const began = performance.now()
      const id = await submitStream(writer)
      await completed(writer, id)
      peaks.written.push((await writer.ask('peak')) / MIB)
      await reader.ask('peak')
      const body = await fetchSlowly(reader.started, pathOf(id), token, { isSlow: false })
      seconds.push((performance.now() - began) / 1_000)
      peaks.read.push((await reader.ask('peak')) / MIB)
      bytes = body.length
      if (round === 0) assertRows(body)
      await fetch(`http://127.0.0.1:${reader.started.port}${pathOf(id)}`, {
        method: 'DELETE',
        headers: { authorization: `Bearer ${token}` },
      })
    }
    const size = `${Math.round(bytes / 1e6)} MB`
    const goal = { atMost: 64 }
    return [
      { what: `${size} written: peak memory above idle`, ...extremes(peaks.written), unit: 'MiB', goal },
      {
        what: `${size} read through another process: peak memory above idle`,
        ...extremes(peaks.read),
        unit: 'MiB',
        goal,
      },
      { what: `${size} written and read`, ...extremes(seconds), unit: 's' },
    ]
  })
}

function submitStream(writer, rows = STREAMED_ROWS) {
  const fields = { query: `STREAM ${rows}`, wait_for_completion_timeout: '0s' }
  return submit(writer.started, token, fields)
}

/** The head of the result tells, without its rows. */
async function completed({ started }, id) {
  const { status } = await fetch(`http://127.0.0.1:${started.port}${pathOf(id)}`, {
    method: 'HEAD',
    headers: { authorization: `Bearer ${token}` },
  })
  assert.equal(status, 200)
}

function assertRows(body) {
  const { values } = JSON.parse(body)
  assert.equal(values.length, STREAMED_ROWS)
  for (const [number, row] of values.entries()) {
    const expected = streamedRow(number)
    if (row.some((cell, index) => cell !== expected[index])) assert.deepEqual(row, expected)
  }
}

/** The same client asks both processes for a finished result that it has read before. */
function measurePolls(url, cpuProf) {
  const profiling = cpuProf === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', cpuProf]
  return withContestants([start(url, profiling), start()], async (...gateways) => {
    const pollers = []
    for (const gateway of gateways) {
      const { started } = gateway
      const path = pathOf(await submit(started, token, { query: 'FROM logs' }))
      const { body } = await get(started, path, token)
      assertTable(JSON.parse(body), makeRows(100))
      const load = await Load.open({ ...started, connections: CONNECTIONS })
      const poll = () => load.run(POLLS, () => getRequest(path, token), body)
      for (let warmUp = 0; warmUp < 3; warmUp++) await poll()
      pollers.push({ gateway, load, poll, micros: [] })
    }
    await gateways[0].ask('statements')
    for (let round = 0; round < POLL_ROUNDS; round++) {
      for (const { gateway, poll, micros } of round % 2 ? pollers.toReversed() : pollers) {
        const before = await gateway.ask('cpu')
        await poll()
        micros.push(((await gateway.ask('cpu')) - before) / POLLS)
      }
    }
    const { length } = await gateways[0].ask('statements')
    for (const { load } of pollers) load.close()
    const [shared, local] = pollers.map(({ micros }) => micros)
    return [
      {
        what: 'CPU of a poll of a finished 100-row result, beside MemoryStore',
        ...summary(ratios(shared, local)),
        unit: 'x',
        goal: { atMost: 2 },
      },
      { what: 'CPU of such a poll', ...summary(shared), unit: 'µs CPU' },
      { what: 'CPU of a poll of MemoryStore', ...summary(local), unit: 'µs CPU' },
      { what: 'statements of such a poll', value: length / POLLS / POLL_ROUNDS, unit: '' },
    ]
  })
}
