import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { extremes, quantile, ratios } from '../support/statistics.mjs'

export const question =
  'How long does the slowest request body block the event loop, and does its cost grow only in proportion to its length?'

const require = createRequire(import.meta.url)
const { atOnce } = require('../../dist/core/turns.js')
const { readBody } = require('../../dist/request/submit-fields.js')
const { interpretSubmitBody, validateQuery } = require('../../dist/request/submission.js')
const { submitBodyOf } = require('../../dist/request/submit-text.js')
const { weighInTurns } = require('../../dist/stores/execution/weight.js')
const { isQueryError } = require('../../dist/core/errors.js')

const SHAPES = JSON.parse(readFileSync(new URL('../../spec/fixtures/body-shapes.json', import.meta.url)))
const MEBIBYTE = 2 ** 20
const ROUNDS = 5
const LONG_ROUNDS = 3
const SLOW_SHAPES = 4
/** Times that no client sends, so that the text for the cluster is edited. */
const TIMES = { waitMs: 1, keepAliveMs: 1 }

/** What each store does with a body that is read. */
const STORES = {
  MemoryStore: ({ request }) => weighInTurns(request),
  ElasticsearchStore: (_submission, bytes, root) => submitBodyOf(bytes, root).piecesWithTimes(TIMES),
}

export async function run() {
  const rows = []
  const once = []
  // What the stores do at the end differs, and takes little of the time.
  for (const shape of SHAPES) once.push(await measureLong(shape, STORES.MemoryStore, 1))
  const slow = once.toSorted((one, other) => other.blockedMs[0] - one.blockedMs[0]).slice(0, SLOW_SHAPES)
  for (const store of Object.keys(STORES)) {
    const again = []
    for (const { shape } of slow) again.push(await measureLong(shape, STORES[store], LONG_ROUNDS))
    const slowest = worst(again, 'blockedMs')
    rows.push({
      what: `16 MiB of ${slowest.name}, ${store}: the longest block`,
      ...extremes(slowest.blockedMs),
      unit: 'ms',
      goal: { atMost: 50 },
    })
  }
  const measured = SHAPES.map(measure)
  const slowest = worst(measured, 'wholeMs')
  const steepest = worst(measured, 'growth')
  return [
    ...rows,
    { what: `1 MiB of ${slowest.name}, in all`, ...extremes(slowest.wholeMs), unit: 'ms' },
    // Linear code takes 16 times as long, more if the garbage collector runs. Quadratic code takes 256 times as long.
    {
      what: `1 MiB over 64 KiB of ${steepest.name}, the body whose cost grows most`,
      ...extremes(steepest.growth),
      unit: 'x',
      goal: { atMost: 128 },
    },
  ]
}

/**
 * The longest time that the event loop cannot do anything else, the garbage collector included. Not the time for which
 * the machine does the work of others: the processor time of all threads is the most that a step can have taken.
 */
async function measureLong(shape, submit, rounds) {
  const bytes = Buffer.from(textOf(shape, 16 * MEBIBYTE))
  const blockedMs = []
  for (let round = 0; round < rounds; round++) {
    globalThis.gc?.()
    blockedMs.push(await longestBlock(submitted(bytes, submit)))
  }
  return { name: shape.name, shape, blockedMs }
}

async function longestBlock(work) {
  for (let longest = 0; ; await nextTurn()) {
    const began = performance.now()
    const usedBefore = process.cpuUsage()
    const { done } = work.next()
    const { user, system } = process.cpuUsage(usedBefore)
    longest = Math.max(longest, Math.min(performance.now() - began, (user + system) / 1_000))
    if (done) return longest
  }
}

/** Reads a body and submits it to a store. Refused bodies are read too. */
function* submitted(bytes, submit) {
  try {
    const { root, fields } = yield* readBody(bytes, 'submit')
    const submission = interpretSubmitBody(fields)
    validateQuery(submission.request)
    yield* submit(submission, bytes, root)
  } catch (error) {
    if (!isQueryError(error)) throw error
  }
}

function worst(measured, name) {
  const middle = (shape) => quantile(shape[name], 0.5)
  return measured.reduce((most, shape) => (middle(shape) > middle(most) ? shape : most))
}

function measure(shape) {
  const part = Buffer.from(textOf(shape, MEBIBYTE / 16))
  const whole = Buffer.from(textOf(shape, MEBIBYTE))
  const partMs = []
  const wholeMs = []
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now()
    // Both sides read equally many characters, so that the garbage collector slows both.
    for (let time = 0; time < 16; time++) atOnce(submitted(part, STORES.MemoryStore))
    const between = performance.now()
    atOnce(submitted(whole, STORES.MemoryStore))
    partMs.push((between - began) / 16)
    wholeMs.push(performance.now() - between)
  }
  return { name: shape.name, wholeMs, growth: ratios(wholeMs, partMs) }
}

function textOf({ head, unit, separator, tail }, length) {
  const units = []
  for (let size = head.length; size < length; size += units.at(-1).length + separator.length) {
    units.push(unit.replace('#', `${units.length}`))
  }
  return head + units.join(separator) + tail
}
