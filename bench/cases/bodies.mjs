import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { extremes, quantile, ratios } from '../support/statistics.mjs'

export const question =
  'What does the slowest request body cost, and does its cost grow only in proportion to its length?'

const require = createRequire(import.meta.url)
const { parseJson } = require('../../dist/json/parse.js')
const { readBodyFields } = require('../../dist/request/submit-fields.js')
const { interpretSubmitBody, validateQuery } = require('../../dist/request/submission.js')
const { weigh } = require('../../dist/stores/memory/weight.js')
const { isQueryError } = require('../../dist/core/errors.js')

const SHAPES = JSON.parse(readFileSync(new URL('../../spec/fixtures/body-shapes.json', import.meta.url)))
const MEBIBYTE = 2 ** 20
const ROUNDS = 5

export async function run() {
  const measured = SHAPES.map(measure)
  const slowest = worst(measured, 'wholeMs')
  const steepest = worst(measured, 'growth')
  return [
    {
      what: `1 MiB of ${slowest.name}, the slowest body`,
      ...extremes(slowest.wholeMs),
      unit: 'ms',
      goal: { atMost: 50 },
    },
    // Linear code takes 16 times as long, more if the garbage collector runs. Quadratic code takes 256 times as long.
    {
      what: `1 MiB over 64 KiB of ${steepest.name}, the body whose cost grows most`,
      ...extremes(steepest.growth),
      unit: 'x',
      goal: { atMost: 128 },
    },
  ]
}

function worst(measured, name) {
  const middle = (shape) => quantile(shape[name], 0.5)
  return measured.reduce((most, shape) => (middle(shape) > middle(most) ? shape : most))
}

function measure(shape) {
  const part = textOf(shape, MEBIBYTE / 16)
  const whole = textOf(shape, MEBIBYTE)
  const partMs = []
  const wholeMs = []
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now()
    // Both sides read equally many characters, so that the garbage collector slows both.
    for (let time = 0; time < 16; time++) read(part)
    const between = performance.now()
    read(whole)
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

function read(text) {
  try {
    const submission = interpretSubmitBody(readBodyFields(parseJson(text), 'submit'))
    validateQuery(submission.request)
    weigh(submission.request)
  } catch (error) {
    if (!isQueryError(error)) throw error
  }
}
