import { TRUST, tokenOf } from '../support/callers.mjs'
import { assertTable, pathOf, submit } from '../support/client.mjs'
import { Contestant, withContestants } from '../support/contestant.mjs'
import { getRequest } from '../support/load.mjs'
import { makeRows } from '../support/table.mjs'
import { MOST_WAITS, startWaiting, untilWaiting } from '../support/waiting.mjs'

export const question =
  'What do some 20,000 requests cost that wait for one query, and how soon do all get an answer?'

const WAITS = Math.min(20_000, MOST_WAITS)
/** Fewer waits for the hand-written composition: the cost of each does not depend on their number. */
const COMPOSITION_WAITS = 5_000
const ROWS = 10

export async function run() {
  const token = tokenOf('alice')
  const config = { trust: TRUST, rows: ROWS, isHeld: true }
  const gateway = await measure('gateway', config, token, WAITS, (server) =>
    submit(server.started, token, { wait_for_completion_timeout: '0s' }),
  )
  assertTable(JSON.parse(gateway.body), makeRows(ROWS))
  const id = 'anything'
  const { body: json } = gateway
  const peer = { trust: TRUST, owner: `${TRUST.issuer} alice`, id, json, isHeld: true }
  const http = await measure('node-http', peer, undefined, WAITS, () => id)
  const composition = await measure('composition', peer, token, COMPOSITION_WAITS, () => id)
  return [
    {
      what: `heap of each of ${WAITS} waits above bare node:http`,
      value: gateway.heap - http.heap,
      unit: 'KiB',
      goal: { atMost: 6.5 },
    },
    {
      what: 'heap of each above bare node:http, hand-written composition',
      value: composition.heap - http.heap,
      unit: 'KiB',
    },
    { what: 'heap of each in bare node:http', value: http.heap, unit: 'KiB' },
    { what: 'process memory of each wait above bare node:http', value: gateway.rss - http.rss, unit: 'KiB' },
    { what: 'process memory of each wait', value: gateway.rss, unit: 'KiB' },
    {
      what: 'waits that get the answer when the query completes',
      value: gateway.answered,
      unit: 'waits',
      goal: { atLeast: WAITS },
    },
    { what: 'time until the last wait has its answer', value: gateway.answerMs, unit: 'ms' },
    {
      what: 'the same, beside bare node:http that sends as many the same body',
      value: gateway.answerMs / http.answerMs,
      unit: 'x',
      goal: { atMost: 2 },
    },
    { what: 'CPU of an answer', value: gateway.answerMicros, unit: 'µs CPU' },
    {
      what: 'CPU of an answer, beside bare node:http',
      value: gateway.answerMicros / http.answerMicros,
      unit: 'x',
    },
    {
      what: 'longest stall while all get their answers, without the time that others had the core',
      value: gateway.ownStallMs,
      unit: 'ms',
      goal: { atMost: 20 },
    },
    { what: 'longest stall while all get their answers', value: gateway.stallMs, unit: 'ms' },
    { what: 'longest stall, bare node:http', value: http.stallMs, unit: 'ms' },
    {
      what: `longest stall, hand-written composition, ${COMPOSITION_WAITS} waits`,
      value: composition.stallMs,
      unit: 'ms',
    },
  ]
}

function measure(name, config, token, waits, prepare) {
  return withContestants([Contestant.start(name, config)], async (server) => {
    const request = getRequest(pathOf(await prepare(server)), token)
    await warmUp(server, request)
    const before = await server.ask('memory')
    return withContestants(startWaiting(server.started, request, waits), async (...clients) => {
      await untilWaiting(server, WARM_UP_WAITS + waits)
      const during = await server.ask('memory')
      await server.ask('watch')
      const cpuBefore = await server.ask('cpu')
      const began = performance.now()
      const answers = clients.map((client) => client.ask('answers'))
      await server.ask('complete')
      const counted = (await Promise.all(answers)).flat()
      const answerMs = performance.now() - began
      const answerMicros = ((await server.ask('cpu')) - cpuBefore) / waits
      const { stallMs, ownStallMs } = await server.ask('watched')
      const [[first]] = counted
      return {
        heap: (during.heapUsed - before.heapUsed) / waits / 1024,
        rss: (during.rss - before.rss) / waits / 1024,
        body: first.slice('200 '.length),
        answered: counted.reduce((sum, [answer, times]) => sum + (answer === first ? times : 0), 0),
        answerMs,
        answerMicros,
        stallMs,
        ownStallMs,
      }
    })
  })
}

/** Waits before the measurement, so that code is compiled and lazy parts exist. */
const WARM_UP_WAITS = 500

async function warmUp(server, request) {
  const { port } = server.started
  const config = {
    port,
    localAddress: '127.0.0.9',
    connections: WARM_UP_WAITS,
    waits: WARM_UP_WAITS,
    request,
  }
  const clients = await Contestant.start('waiting-clients', config)
  await untilWaiting(server, WARM_UP_WAITS)
  // These clients leave. Their waits must no longer count.
  await clients.stop()
  await new Promise((resolve) => setTimeout(resolve, 500))
}
