import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { capacityOf } from './soak/capacity.mjs'
import { countOf, judgeFlatness } from './soak/flatness.mjs'
import { Fleet, SOAKS } from './soak/fleet.mjs'
import { Random } from './soak/random.mjs'
import { CLIENTS, LONGEST_KEEP_ALIVE_MS, limitsAt, OWNERS } from './soak/settings.mjs'
import { Watch } from './soak/watch.mjs'
import { SIGNING } from './support/callers.mjs'
import { Contestant, withContestants } from './support/contestant.mjs'
import { isReached, printLines, printTable } from './support/report.mjs'

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    rate: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now()) },
    json: { type: 'string' },
    store: { type: 'string', default: 'cluster' },
  },
})
const loadMs = Number(options.minutes) * 60_000
if (!(loadMs > 0 && Number(options.rate) > 0)) {
  console.error('--minutes and --rate must be above zero.')
  process.exit(1)
}
if (!SOAKS.includes(options.store)) {
  console.error(`--store is one of ${SOAKS.join(', ')}.`)
  process.exit(1)
}

/** A shorter load has too few samples to tell growth from chance, so the heap has no goal then. */
const isLong = loadMs >= 180_000
/** The warm-up compiles code and fills caches. The rest after it gives the values to compare with. */
const WARM_UP_MS = Math.min(60_000, loadMs / 4)
/** Connections to the cluster stay open for some seconds after the last query has expired. */
const REST_MS = LONGEST_KEEP_ALIVE_MS + 7_000
const TICK_MS = 500
const SAMPLE_MS = Math.min(5_000, loadMs / 12)
const PROGRESS_MS = 10_000
/** A soak of some seconds kills each gateway too. */
const SOONEST_KILL_MS = Math.min(20_000, loadMs / 4)
const LATEST_KILL_MS = Math.min(60_000, loadMs / 2)

const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length }
console.log(`Node.js ${machine.node}, ${machine.cores} cores (${machine.cpu})`)
console.log(
  `${options.minutes} minutes, ${options.rate} deeds per second, --store ${options.store} --seed ${options.seed}`,
)
/** How often PostgreSQL was killed. */
let outages = 0
const random = new Random(`${options.seed} supervisor`)
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
const fleet = await Fleet.start(options.store, limitsAt(Number(options.rate)))
try {
  const starts = Array.from({ length: CLIENTS }, (_, index) =>
    Contestant.start('../soak/client', {
      name: `client-${index}`,
      number: index,
      seed: options.seed,
      owners: OWNERS,
      rate: Number(options.rate) / CLIENTS,
      signing: SIGNING,
      targets: fleet.targets,
    }),
  )
  await withContestants(starts, (...clients) => soak(clients))
} finally {
  await fleet.stop()
}

async function soak(clients) {
  const watch = new Watch(clients, fleet)
  const steady = fleet.targets.find(({ name }) => name === 'steady/memory')
  const kills = Object.fromEntries(fleet.killed.map((name) => [name, 0]))

  if (isLong) {
    await load(clients, watch, { ms: WARM_UP_MS })
    await rest(clients, watch)
  }
  const before = await stateAtRest()
  const { standalone } = fleet.gateways
  const descriptorsBefore = standalone?.descriptors
  const capacityBefore = await capacityOf(steady)
  const samples = await load(clients, watch, { ms: loadMs, kills })
  await rest(clients, watch)
  const after = await stateAtRest()
  const capacityAfter = await capacityOf(steady)

  // The listener of PostgresStore. A warm-up has opened it.
  const lateConnections = fleet.hasDatabase && !isLong ? 1 : 0
  const standaloneDescriptors = standalone?.descriptors
  const { counts, warnings, failures, kinds } = watch
  const rows = [
    ...judgeFlatness({ before, after, samples, capacityBefore, capacityAfter, lateConnections }, isLong),
    ...(standalone
      ? [
          {
            what: 'descriptors of the standalone gateway at rest after the load, above those before it',
            value: standaloneDescriptors - descriptorsBefore,
            unit: '',
            goal: { atMost: 0 },
          },
        ]
      : []),
    ...(fleet.hasDatabase
      ? [{ what: 'kills of PostgreSQL', value: outages, unit: '', goal: { atLeast: 1 } }]
      : []),
    ...Object.entries(kills).map(([name, value]) => ({
      what: `kills of the gateway ${name}`,
      value,
      unit: '',
    })),
    ...Object.entries(counts)
      .sort()
      .map(([what, value]) => ({ what, value, unit: '' })),
    ...Object.entries(warnings).map(([what, value]) => ({ what: `warning: ${what}`, value, unit: '' })),
    { what: 'failures', value: failures.length, unit: '', goal: { atMost: 0 } },
  ].map((row) => ({ case: 'soak', ...row, reached: isReached(row) }))
  console.log()
  printTable(rows)
  console.log()
  printLines(
    ['kind', 'done', 'failed'],
    kinds.map(({ name, done, failed }) => [name, String(done), String(failed)]),
  )
  if (options.json !== undefined) {
    const found = {
      machine,
      options,
      rows,
      kinds,
      failures,
      before,
      after,
      samples,
      capacityBefore,
      capacityAfter,
    }
    writeFileSync(options.json, `${JSON.stringify(found, null, 2)}\n`)
  }
  if (rows.some(({ reached }) => reached === false)) process.exitCode = 1
}

/** Lets the clients work. Returns samples of the steady gateway. Kills no gateway without `kills`. */
async function load(clients, watch, { ms, kills = {} }) {
  const samples = []
  const beganMs = performance.now()
  const passedMs = () => performance.now() - beganMs
  const killTimes = Object.fromEntries(Object.keys(kills).map((name) => [name, nextKill(0)]))
  const replacing = new Set()
  const replace = async (name) => {
    await watch.readLog(name)
    await fleet.replace(name, clients, random)
    kills[name]++
    killTimes[name] = nextKill(passedMs())
  }
  // In the middle of the load with kills, because the one before it is a warm-up.
  let outageMs = fleet.hasDatabase && Object.keys(kills).length > 0 ? ms / 2 : Number.POSITIVE_INFINITY
  let nextSampleMs = SAMPLE_MS
  let nextProgressMs = PROGRESS_MS
  await Promise.all(clients.map((client) => client.ask('load')))
  while (passedMs() < ms && !watch.isHopeless) {
    await pause(TICK_MS)
    await watch.look()
    for (const name of Object.keys(kills)) {
      if (passedMs() < killTimes[name]) continue
      killTimes[name] = Number.POSITIVE_INFINITY
      const replaced = replace(name)
      replacing.add(replaced)
      replaced.catch((error) =>
        watch.fail({ what: `the gateway ${name} cannot be replaced`, details: String(error) }),
      )
    }
    if (passedMs() >= outageMs) {
      outageMs = Number.POSITIVE_INFINITY
      // A gateway that starts just now would not find it.
      await Promise.allSettled(replacing)
      await fleet.replaceDatabase(clients, random)
      outages++
    }
    if (passedMs() >= nextSampleMs) {
      nextSampleMs += SAMPLE_MS
      samples.push({ atMs: passedMs(), ...(await fleet.steady.ask('state')) })
    }
    if (passedMs() < nextProgressMs) continue
    nextProgressMs += PROGRESS_MS
    printProgress(passedMs(), watch, samples.at(-1), kills)
  }
  await Promise.allSettled(replacing)
  return samples
}

function nextKill(passedMs) {
  return passedMs + random.integer(SOONEST_KILL_MS, LATEST_KILL_MS)
}

/** What the steady gateway holds for good: now and then it borrows a connection to look after queries, or has a timer for a moment. */
async function stateAtRest() {
  const states = []
  for (let times = 0; times < 5; times += 1) {
    states.push(await fleet.steady.ask('state'))
    await pause(300)
  }
  const held = ({ descriptors, handles }) => descriptors + countOf(handles)
  return states.toSorted((one, other) => held(one) - held(other))[0]
}

/** Stops the load until all waits are over and all queries have expired. */
async function rest(clients, watch) {
  console.log('No load until all waits are over and all queries have expired.')
  await Promise.all(clients.map((client) => client.ask('rest')))
  await pause(REST_MS)
  await watch.look()
  for (const name of fleet.logged) await watch.readLog(name)
}

function printProgress(passedMs, { counts, open, failures }, sample, kills) {
  const heap = (sample.heapUsed + sample.external) / 2 ** 20
  const killed = Object.values(kills).reduce((sum, times) => sum + times, 0)
  console.log(
    [
      `${String(Math.round(passedMs / 1_000)).padStart(4)} s`,
      `${counts.requests} requests, ${open} open`,
      `${killed} kills, ${counts['broken by a kill'] ?? 0} broken by them`,
      `steady gateway: ${heap.toFixed(1)} MiB, ${sample.descriptors} descriptors, ${sample.waiting} waiting`,
      `${failures.length} failures`,
    ].join('; '),
  )
}
