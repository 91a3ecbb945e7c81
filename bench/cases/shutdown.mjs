import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { TRUST, tokenOf } from '../support/callers.mjs'
import { get, pathOf, submit } from '../support/client.mjs'
import { getRequest } from '../support/load.mjs'
import { extremes } from '../support/statistics.mjs'

export const question = 'How soon after SIGTERM does the standalone gateway end while 1,000 requests wait?'

const BIN = fileURLToPath(new URL('../../dist/bin.js', import.meta.url))
const OWNERS = 10
const WAITS_PER_OWNER = 100
const RUNS = 5
/** How many requests are sent at the same time while the waits begin. */
const OPENING = 20

export async function run({ cpuProf } = {}) {
  const answered = []
  const gone = []
  for (let round = 0; round < RUNS; round++) {
    const { answeredMs, goneMs } = await measure(cpuProf)
    answered.push(answeredMs)
    gone.push(goneMs)
  }
  const waits = OWNERS * WAITS_PER_OWNER
  return [
    {
      what: `${waits} waits: from SIGTERM to the end of the process`,
      ...extremes(gone),
      unit: 'ms',
      goal: { atMost: 1_000 },
    },
    { what: `${waits} waits: from SIGTERM until the last is answered`, ...extremes(answered), unit: 'ms' },
  ]
}

async function measure(cpuProf) {
  const { child, port } = await startStandalone(cpuProf)
  try {
    const waits = await putWaitsOn(port)
    const exited = once(child, 'exit').then(([code]) => ({ code, atMs: performance.now() }))
    const answered = Promise.all(waits.map(({ answer }) => answer)).then((answers) => ({
      answers,
      atMs: performance.now(),
    }))
    const beganMs = performance.now()
    child.kill('SIGTERM')
    const { answers, atMs: answeredAtMs } = await answered
    const { code, atMs: exitedAtMs } = await exited
    assert.equal(code, 0)
    for (const [index, answer] of answers.entries()) assertStillRunning(answer, waits[index].id)
    return { answeredMs: answeredAtMs - beganMs, goneMs: exitedAtMs - beganMs }
  } finally {
    child.kill('SIGKILL')
  }
}

async function startStandalone(cpuProf) {
  const profiling = cpuProf === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', cpuProf]
  const child = spawn(process.execPath, [...profiling, BIN, '--host=127.0.0.1', '--port=0'], {
    env: {
      ESQL_ASYNC_JWT_KEY: TRUST.key,
      ESQL_ASYNC_JWT_ALGORITHMS: 'RS256',
      ESQL_ASYNC_JWT_ISSUER: TRUST.issuer,
      ESQL_ASYNC_JWT_AUDIENCE: TRUST.audience,
      ESQL_ASYNC_SAMPLES: 'true',
      ESQL_ASYNC_LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  for await (const chunk of child.stdout) {
    text += chunk
    const [, port] = /"url":"http:[^"]+:(\d+)"/.exec(text) ?? []
    if (port !== undefined) return { child, port: Number(port) }
  }
  throw new Error(`the gateway did not start: ${text}`)
}

/** Starts the waits, each on its own connection, and resolves when all of them wait. */
async function putWaitsOn(port) {
  const tokens = Array.from({ length: OWNERS }, (_, index) => tokenOf(`owner-${index}`))
  const left = tokens.flatMap((token) => Array(WAITS_PER_OWNER).fill(token))
  const waits = []
  const put = async () => {
    for (let token = left.pop(); token !== undefined; token = left.pop()) waits.push(await putOn(port, token))
  }
  await Promise.all(Array.from({ length: OPENING }, put))
  return waits
}

async function putOn(port, token) {
  const id = await submit({ port }, token, { query: 'FROM slower', wait_for_completion_timeout: '0s' })
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const answer = readAll(socket)
  await once(socket, 'connect')
  socket.write(getRequest(`${pathOf(id)}?keep_alive=6d`, token))
  await untilExtended(port, id, token)
  return { id, answer }
}

async function readAll(socket) {
  const pieces = []
  for await (const piece of socket) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

/** Resolves when the query has a longer keep-alive than at submit, which shows that the wait has begun. */
async function untilExtended(port, id, token) {
  for (;;) {
    const { body } = await get({ port }, `${pathOf(id)}?wait_for_completion_timeout=0s`, token)
    const { expiration_time_in_millis: expiresMs, start_time_in_millis: startedMs } = JSON.parse(body)
    if (expiresMs - startedMs > 5.5 * 86_400_000) return
  }
}

function assertStillRunning(answer, id) {
  const [head, body] = answer.split('\r\n\r\n')
  assert.match(head, /^HTTP\/1\.1 200 OK\r\n/)
  assert.match(head, /^connection: close$/im)
  const { id: answeredId, is_running: isRunning } = JSON.parse(body)
  assert.deepEqual([answeredId, isRunning], [id, true])
}
