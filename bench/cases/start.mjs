import { Contestant, withContestants } from '../support/contestant.mjs'
import { runEmpty, timeStandalone } from '../support/standalone-start.mjs'
import { extremes } from '../support/statistics.mjs'

export const question = 'How soon does a new process answer, and what does a second router cost?'

const ROUNDS = 7

export async function run() {
  const rounds = []
  for (let round = 0; round < ROUNDS; round++) rounds.push(await measure())
  const of = (name) => ({ ...extremes(rounds.map((round) => round[name])), unit: 'ms' })
  return [
    { what: 'first router: from its creation to its first answer', ...of('firstMs'), goal: { atMost: 400 } },
    {
      what: 'from the import of express and the package to the first answer',
      ...of('importMs'),
      goal: { atMost: 350 },
    },
    { what: 'CPU of that', ...of('importCpuMs') },
    { what: 'second router: CPU to its first answer', ...of('secondCpuMs'), goal: { atMost: 30 } },
    { what: 'loading the package', ...of('packageMs') },
    { what: 'loading express and express-openapi-validator alone', ...of('librariesMs') },
    {
      what: 'standalone gateway: from the start of its process to its first answer',
      ...of('standaloneMs'),
      goal: { atMost: 600 },
    },
    { what: 'a process of Node.js that does nothing, from its start to its end', ...of('emptyMs') },
  ]
}

async function measure() {
  const libraries = await inFreshProcess((fresh) =>
    fresh.ask('load', ['express', 'express-openapi-validator']),
  )
  return inFreshProcess(async (fresh) => {
    const loaded = await fresh.ask('load', ['express', 'express-esql-async-query'])
    const first = await fresh.ask('answer')
    const second = await fresh.ask('answer')
    return {
      librariesMs: libraries.elapsedMs,
      packageMs: loaded.elapsedMs,
      firstMs: first.elapsedMs,
      importMs: loaded.elapsedMs + first.elapsedMs,
      importCpuMs: loaded.cpuMs + first.cpuMs,
      secondCpuMs: second.cpuMs,
      standaloneMs: await timeStandalone(),
      emptyMs: await runEmpty(),
    }
  })
}

function inFreshProcess(use) {
  return withContestants([Contestant.start('first-answer')], use)
}
