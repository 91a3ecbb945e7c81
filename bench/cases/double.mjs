import { Contestant, withContestants } from '../support/contestant.mjs'
import { timeDouble } from '../support/standalone-start.mjs'
import { extremes } from '../support/statistics.mjs'

export const question = 'How soon after its import does a double answer, and a further one in the process?'

const ROUNDS = 5

/** Peers that can answer one submit too. They are installed for this case alone. */
const PEERS = ['@elastic/elasticsearch-mock', 'msw', '@stoplight/prism-http-server']

export async function run() {
  const rows = [
    ...rowsOf('double', await rounds('double'), { first: { atMost: 400 }, further: { atMost: 50 } }),
    {
      what: 'double: from the start of its process, with control, to its first answer',
      ...(await processStarts()),
      unit: 'ms',
      goal: { atMost: 600 },
    },
  ]
  for (const peer of PEERS) {
    const measured = await rounds(peer)
    if (measured) rows.push(...rowsOf(peer, measured))
    else
      console.log(
        `  ${peer} is not here: npm install --no-save ${[...PEERS, '@stoplight/prism-http'].join(' ')}`,
      )
  }
  return rows
}

async function processStarts() {
  const times = []
  for (let round = 0; round < ROUNDS; round++) times.push(await timeDouble())
  return extremes(times)
}

async function rounds(name) {
  const measured = []
  for (let round = 0; round < ROUNDS; round++) {
    const row = await withContestants([Contestant.start('first-double')], (fresh) =>
      fresh.ask('answer', name),
    )
    if (row === undefined) return undefined
    measured.push(row)
  }
  return measured
}

function rowsOf(name, measured, goals = {}) {
  const of = (field) => ({ ...extremes(measured.map((row) => row[field])), unit: 'ms' })
  return [
    {
      what: `${name}: from its import to its first answer`,
      ...of('firstMs'),
      ...(goals.first && { goal: goals.first }),
    },
    {
      what: `${name}: a further one, to its first answer`,
      ...of('furtherMs'),
      ...(goals.further && { goal: goals.further }),
    },
  ]
}
