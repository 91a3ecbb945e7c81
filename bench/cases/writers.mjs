import { Contestant, withContestants } from '../support/contestant.mjs'
import { ratios, summary } from '../support/statistics.mjs'

export const question = 'How fast does each format write 100,000 rows, compared with well-known packages?'

const ROWS = 100_000
const ROUNDS = 5
const WARM_UPS = 1

const FORMATS = ['json', 'csv', 'tsv', 'yaml', 'cbor', 'smile', 'txt', 'arrow']
const GOALS = {
  json: { atLeast: 1 },
  csv: { atLeast: 1 },
  tsv: { atLeast: 1 },
  cbor: { atLeast: 1 },
  smile: { atLeast: 0.7 },
  arrow: { atLeast: 1 },
}
const OURS = 'this package'
const BEFORE = 'this package before'

/** `before`: a checkout of another commit, built, whose writers take turns with these. */
export async function run({ before, formats = FORMATS }) {
  const rows = []
  for (const format of formats) rows.push(...(await measureFormat(format, before)))
  return rows
}

function measureFormat(format, before) {
  return withContestants([Contestant.start('writers', { format, rows: ROWS, before })], async (process) => {
    const { speeds, cpuSpeeds } = await takeTurns(process)
    const rows = [...speeds].map(([name, values]) => ({
      what: `${format}: ${name}`,
      ...summary(values.map((value) => value / 1_000)),
      unit: 'k rows/s',
    }))
    if (before !== undefined) {
      const times = ratios(speeds.get(BEFORE), speeds.get(OURS))
      rows.unshift({
        what: `${format}: time / time before`,
        ...summary(times),
        unit: 'x',
        goal: { atMost: 1.03 },
      })
    }
    const peer = fastestPeer(speeds)
    if (peer === undefined) return rows
    const ratio = {
      what: `${format}: rows per second / ${peer}`,
      ...summary(ratios(speeds.get(OURS), speeds.get(peer))),
      unit: 'x',
      ...(GOALS[format] && { goal: GOALS[format] }),
    }
    const cpuRatio = {
      what: `${format}: the same, with the threads of the garbage collector`,
      ...summary(ratios(cpuSpeeds.get(OURS), cpuSpeeds.get(peer))),
      unit: 'x',
    }
    return [ratio, cpuRatio, ...rows]
  })
}

async function takeTurns(process) {
  const [speeds, cpuSpeeds] = Array.from(
    { length: 2 },
    () => new Map(process.started.map((name) => [name, []])),
  )
  for (let round = -WARM_UPS; round < ROUNDS; round++) {
    for (const [name, values] of speeds) {
      const { rowsPerSecond, rowsPerCpuSecond } = await process.ask('write', name)
      if (round < 0) continue
      values.push(rowsPerSecond)
      cpuSpeeds.get(name).push(rowsPerCpuSecond)
    }
  }
  return { speeds, cpuSpeeds }
}

function fastestPeer(speeds) {
  const peers = [...speeds].filter(([name]) => name !== OURS && name !== BEFORE)
  peers.sort(([, a], [, b]) => summary(b).value - summary(a).value)
  return peers[0]?.[0]
}
