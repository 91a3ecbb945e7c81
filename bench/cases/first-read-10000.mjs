import { measureFirstRead } from '../support/first-read.mjs'
import { ratios, summary } from '../support/statistics.mjs'

export const question = 'How much CPU does the first read of a completed result of 10,000 rows cost?'

export async function run({ cpuProf }) {
  const { micros } = await measureFirstRead({
    rows: 10_000,
    warmUp: 40,
    rounds: 9,
    requestsPerRound: 4,
    kinds: ['known'],
    cpuProf,
  })
  const ratio = (name) => ({ ...summary(ratios(micros[name], micros.express)), unit: 'x' })
  return [
    { what: 'first read / bare Express 5 with res.json', ...ratio('known'), goal: { atMost: 1 } },
    { what: 'first read, per request', ...summary(micros.known), unit: 'µs CPU' },
    { what: 'Express / the same Express (noise)', ...ratio('expressAgain') },
  ]
}
