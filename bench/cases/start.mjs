import { Contestant, withContestants } from '../support/contestant.mjs'
import { extremes } from '../support/statistics.mjs'

export const question = 'How soon does a new process answer, and what does a second router cost?'

const ROUNDS = 7

export async function run() {
  const rounds = []
  for (let round = 0; round < ROUNDS; round++) rounds.push(await measure())
  const of = (name) => ({ ...extremes(rounds.map((round) => round[name])), unit: 'ms' })
  return [
    { what: 'first router: from its creation to its first answer', ...of('firstMs'), goal: { atMost: 400 } },
    { what: 'second router: CPU to its first answer', ...of('secondCpuMs'), goal: { atMost: 30 } },
    { what: 'loading the package', ...of('packageMs') },
    { what: 'loading express and express-openapi-validator alone', ...of('librariesMs') },
  ]
}

async function measure() {
  const librariesMs = await inFreshProcess((fresh) =>
    fresh.ask('load', ['express', 'express-openapi-validator']),
  )
  return inFreshProcess(async (fresh) => {
    const packageMs = await fresh.ask('load', ['express', 'express-esql-async-query'])
    const { elapsedMs: firstMs } = await fresh.ask('answer')
    const { cpuMs: secondCpuMs } = await fresh.ask('answer')
    return { librariesMs, packageMs, firstMs, secondCpuMs }
  })
}

function inFreshProcess(use) {
  return withContestants([Contestant.start('first-answer')], use)
}
