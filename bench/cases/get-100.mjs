import { describeServedResult, measureServedResult } from '../support/served-result.mjs'
import { ratios, summary } from '../support/statistics.mjs'

export const question = 'How much CPU does a completed result of 100 rows cost in the whole stack?'

export async function run({ cpuProf }) {
  const micros = await measureServedResult({
    rows: 100,
    warmUp: 3_000,
    rounds: 15,
    requestsPerRound: 1_000,
    newPerRound: 60,
    cpuProf,
  })
  const ratio = (name, other) => ({ ...summary(ratios(micros[name], micros[other])), unit: 'x' })
  return [
    { what: 'CPU / bare node:http', ...ratio('gateway', 'http'), goal: { atMost: 1.1 } },
    { what: 'CPU / bare Express 5 with res.json', ...ratio('gateway', 'express'), goal: { atMost: 1.3 } },
    { what: 'CPU / hand-written composition', ...ratio('gateway', 'composition'), goal: { atMost: 0.5 } },
    { what: 'CPU / bare Express 5, each token and result once', ...ratio('once', 'express') },
    { what: 'CPU / hand-written composition, each token and result once', ...ratio('once', 'composition') },
    ...describeServedResult(micros),
  ]
}
