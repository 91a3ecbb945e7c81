import { describeServedResult, measureServedResult } from '../support/served-result.mjs'
import { ratios, summary } from '../support/statistics.mjs'

export const question = 'How much CPU does a completed result of 10,000 rows save, compared with res.json?'

export async function run({ cpuProf }) {
  const micros = await measureServedResult({
    rows: 10_000,
    warmUp: 42,
    rounds: 9,
    requestsPerRound: 30,
    newPerRound: 4,
    cpuProf,
  })
  const ratio = (name, other) => ({ ...summary(ratios(micros[name], micros[other])), unit: 'x' })
  return [
    {
      what: 'CPU of bare Express 5 with res.json / this package',
      ...ratio('express', 'gateway'),
      goal: { atLeast: 3 },
    },
    {
      what: 'CPU of bare Express 5 with res.json / this package, each result once',
      ...ratio('express', 'once'),
    },
    ...describeServedResult(micros),
  ]
}
