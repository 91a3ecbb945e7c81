import { describeServedResult, measureServedResult } from '../support/served-result.mjs'
import { ratios, summary } from '../support/statistics.mjs'

export const question = 'What does a completed result of 100 rows cost through the whole stack?'

export async function run({ cpuProf }) {
  const micros = await measureServedResult({
    rows: 100,
    warmUp: 3_000,
    rounds: 15,
    requestsPerRound: 1_000,
    freshTokens: true,
    cpuProf,
  })
  const against = (name) => ({ ...summary(ratios(micros.gateway, micros[name])), unit: 'x' })
  return [
    { what: 'CPU / bare node:http', ...against('http') },
    { what: 'CPU / bare Express 5 with res.json', ...against('express'), goal: { atMost: 1.3 } },
    { what: 'CPU / hand-written composition', ...against('composition'), goal: { atMost: 0.5 } },
    {
      what: 'CPU / hand-written composition, each token once',
      ...summary(ratios(micros.newTokens, micros.composition)),
      unit: 'x',
    },
    ...describeServedResult(micros),
  ]
}
