import assert from 'node:assert/strict'
import { TRUST, tokenOf } from '../support/callers.mjs'
import { get, pathOf, submit } from '../support/client.mjs'
import { Contestant, withContestants } from '../support/contestant.mjs'
import { Connection, getRequest } from '../support/load.mjs'
import { trimmedMean } from '../support/statistics.mjs'

export const question = 'Does the time of an answer show a stranger whether an id is foreign or unknown?'

const IDS = 32
const PAIRS = 40_000
const CONTROL_PAIRS = 4_000
const WARM_UP_PAIRS = 3_000
/** How much longer the control takes for foreign ids. */
const LEAK_MICROS = 10

/** Quantiles of the normal distribution: one false alarm in 1,000 runs, and one missed difference in 100 runs. */
const ALARM = 3.29
const MISSED = 2.33

export async function run() {
  const ours = await measure(PAIRS, { trust: TRUST, rows: 1 })
  const control = await measure(CONTROL_PAIRS, { trust: TRUST, rows: 1, leakMicros: LEAK_MICROS })
  const { mean, error } = ours
  return [
    {
      what: 'difference between a foreign and an unknown id, in its standard errors',
      value: Math.abs(mean / error),
      unit: 'σ',
      goal: { atMost: ALARM },
    },
    {
      what: 'difference between a foreign and an unknown id',
      value: mean,
      low: mean - ALARM * error,
      high: mean + ALARM * error,
      unit: 'µs',
    },
    {
      what: 'smallest difference that 99 of 100 runs find',
      value: (ALARM + MISSED) * error,
      unit: 'µs',
    },
    {
      what: `the same for a store that takes ${LEAK_MICROS} µs longer (control)`,
      value: Math.abs(control.mean / control.error),
      unit: 'σ',
      goal: { atLeast: ALARM },
    },
  ]
}

/** Mean difference in microseconds, with its standard error. The pairs come in random order over one connection. */
function measure(pairs, config) {
  return withContestants([Contestant.start('gateway', config)], async ({ started }) => {
    const alice = tokenOf('alice')
    const mallory = tokenOf('mallory')
    const foreign = []
    for (let count = 0; count < IDS; count++) foreign.push(await submit(started, alice))
    const question = (id) => prepare(started, id, mallory)
    const foreignQuestions = await Promise.all(foreign.map(question))
    const unknownQuestions = await Promise.all(foreign.map((id) => question(unknownLike(id))))

    const connection = await Connection.open(started.port)
    const differences = []
    for (let pair = -WARM_UP_PAIRS; pair < pairs; pair++) {
      const at = Math.floor(Math.random() * IDS)
      const isForeignFirst = Math.random() < 0.5
      const [first, second] = isForeignFirst
        ? [foreignQuestions[at], unknownQuestions[at]]
        : [unknownQuestions[at], foreignQuestions[at]]
      const firstMicros = await time(connection, first)
      const secondMicros = await time(connection, second)
      if (pair >= 0)
        differences.push(isForeignFirst ? firstMicros - secondMicros : secondMicros - firstMicros)
    }
    connection.close()
    return trimmedMean(differences, 0.1)
  })
}

/** The same id with one different character in its random part. */
function unknownLike(id) {
  const at = 10
  return `${id.slice(0, at)}${id[at] === 'A' ? 'B' : 'A'}${id.slice(at + 1)}`
}

async function prepare(started, id, token) {
  const { status, body } = await get(started, pathOf(id), token)
  assert.equal(status, 404)
  assert.ok(body.includes(id))
  return { request: getRequest(pathOf(id), token), expected: body }
}

async function time(connection, { request, expected }) {
  const began = performance.now()
  await connection.exchange(request, expected, 404)
  return (performance.now() - began) * 1_000
}
