import { measureFirstRead } from '../support/first-read.mjs'
import { ratios, summary } from '../support/statistics.mjs'

export const question = 'How much CPU does the first read of a completed result of 100 rows cost?'

export async function run({ cpuProf }) {
  const { micros, verifyMicros } = await measureFirstRead({
    rows: 100,
    warmUp: 10_000,
    processes: 3,
    rounds: 9,
    requestsPerRound: 250,
    kinds: ['known', 'fresh'],
    cpuProf,
  })
  const ratio = (name, other = 'express') => ({ ...summary(ratios(micros[name], micros[other])), unit: 'x' })
  const cost = (name) => ({ ...summary(micros[name]), unit: 'µs CPU' })
  return [
    {
      what: 'first read, token known / bare Express 5 with res.json',
      ...ratio('known'),
      goal: { atMost: 1.1 },
    },
    {
      what: 'first read, token new / bare Express 5 with res.json',
      ...ratio('fresh'),
      goal: { atMost: 1.5 },
    },
    { what: 'first read, token known, per request', ...cost('known') },
    { what: 'first read, token new, per request', ...cost('fresh') },
    { what: 'of that, RS256 in Node.js itself', value: verifyMicros, unit: 'µs CPU' },
    { what: 'bare Express 5 with res.json, per request', ...cost('express') },
    { what: 'Express / the same Express (noise)', ...ratio('expressAgain') },
  ]
}
