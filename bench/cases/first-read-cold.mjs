import { measureFirstRead } from '../support/first-read.mjs'
import { ratios, summary } from '../support/statistics.mjs'

export const question = 'How much CPU does the first read of 100 rows cost in a process that is hardly warm?'

const PROCESSES = 7

export async function run() {
  const ratio = []
  const cost = []
  for (let process = 0; process < PROCESSES; process++) {
    const { micros } = await measureFirstRead({
      rows: 100,
      warmUp: 500,
      rounds: 1,
      requestsPerRound: 250,
      kinds: ['fresh'],
    })
    ratio.push(...ratios(micros.fresh, micros.express))
    cost.push(...micros.fresh)
  }
  return [
    {
      what: 'first read, token new, after 500 requests / bare Express 5 with res.json after as many',
      ...summary(ratio),
      unit: 'x',
      goal: { atMost: 2 },
    },
    { what: 'first read, token new, after 500 requests, per request', ...summary(cost), unit: 'µs CPU' },
  ]
}
