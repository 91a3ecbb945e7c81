import assert from 'node:assert/strict'
import { fetchOnce, inTurn, withEntrants } from '../support/pass-through-entrants.mjs'
import { measureSealing } from '../support/sealing.mjs'
import { fetchSlowly } from '../support/slow-client.mjs'
import { extremes, ratios, summary } from '../support/statistics.mjs'

export const question = 'What does a gateway between a client and Elasticsearch cost?'

const FORMATS = ['csv', 'json']
const ROUNDS = 7
const WARM_UP_ROUNDS = 2
const MEMORY_ROUNDS = 2
const SMALL_ROUNDS = 2_000
const SMALL_WARM_UP = 1_000
const MIB = 2 ** 20

const SCRIPTS = {
  gateway: 'elasticsearch-gateway',
  pipeline: 'pipeline-proxy',
  middleware: 'proxy-middleware',
}

const TITLES = {
  gateway: 'this package',
  pipeline: 'node:http with stream.pipeline',
  middleware: 'http-proxy-middleware',
}

export async function run() {
  // The pipeline runs twice, so that the ratio of the two shows the noise of the machine.
  const times = await withEntrants({ ...SCRIPTS, pipelineAgain: SCRIPTS.pipeline }, async (entrants) => ({
    small: await measureSmall(entrants),
    csv: await measureLarge(entrants, 'csv'),
    json: await measureLarge(entrants, 'json'),
  }))
  // In separate processes, because asking for memory collects garbage, which changes how often V8 collects afterwards.
  const peaks = await withEntrants(SCRIPTS, measureMemory)
  return [
    ...FORMATS.flatMap((format) => describeLarge(format.toUpperCase(), times[format])),
    ...describeMemory(peaks),
    ...describeSmall(times.small),
    { what: 'sealing and opening an id', ...summary(measureSealing()), unit: 'µs', goal: { atMost: 50 } },
  ]
}

/** Milliseconds of each small get. The entrants take turns. */
async function measureSmall(entrants) {
  const times = Object.fromEntries(entrants.map(({ name }) => [name, []]))
  for (let round = 0; round < SMALL_WARM_UP + SMALL_ROUNDS; round++) {
    for (const entrant of inTurn(entrants, round)) {
      const { ms } = await fetchOnce(entrant, 'json', 'small')
      if (round >= SMALL_WARM_UP) times[entrant.name].push(ms)
    }
  }
  return times
}

/** MiB per second and CPU time per MiB of each large body. The entrants take turns. */
async function measureLarge(entrants, format) {
  const measured = Object.fromEntries(entrants.map(({ name }) => [name, { rates: [], micros: [] }]))
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
    for (const entrant of inTurn(entrants, round)) {
      const { contestant, name } = entrant
      const before = await contestant.ask('cpu')
      const { ms, mib } = await fetchOnce(entrant, format, 'large')
      const cpuMicros = (await contestant.ask('cpu')) - before
      if (round < WARM_UP_ROUNDS) continue
      measured[name].micros.push(cpuMicros / mib)
      measured[name].rates.push((1_000 * mib) / ms)
    }
  }
  return measured
}

/** MiB above idle: while large bodies pass, and while a client reads one slowly. */
async function measureMemory(entrants) {
  const peaks = {}
  for (const entrant of entrants) {
    const { name, contestant } = entrant
    const peak = async () => (await contestant.ask('peak')) / MIB
    peaks[name] = {}
    await contestant.ask('idle')
    for (const format of FORMATS) {
      peaks[name][format] = []
      for (let round = 0; round < MEMORY_ROUNDS; round++) {
        await fetchOnce(entrant, format, 'large')
        peaks[name][format].push(await peak())
      }
    }
    await fetchWithPauses(entrant)
    peaks[name].slow = [await peak()]
  }
  return peaks
}

async function fetchWithPauses({ contestant, token, question }) {
  const { path, expected } = question('json', 'large')
  const body = await fetchSlowly(contestant.started, path, token)
  assert.equal(body.length, expected.length)
  assert.equal(expected.compare(body, 0, body.length, 0), 0)
}

function describeLarge(format, { gateway, pipeline, pipelineAgain, middleware }) {
  const versus = ({ rates }, others) => ({ ...extremes(ratios(rates, others.rates)), unit: 'x' })
  const throughput = (name, { rates }) => ({
    what: `${format}: throughput, ${TITLES[name]}`,
    ...extremes(rates),
    unit: 'MiB/s',
  })
  return [
    {
      what: `${format}: throughput, this package / pipeline`,
      ...versus(gateway, pipeline),
      goal: { atLeast: 0.8 },
    },
    {
      what: `${format}: throughput, this package / http-proxy-middleware`,
      ...versus(gateway, middleware),
    },
    {
      what: `${format}: throughput, pipeline / the same pipeline (noise)`,
      ...versus(pipelineAgain, pipeline),
    },
    {
      what: `${format}: CPU, this package / pipeline`,
      ...extremes(ratios(gateway.micros, pipeline.micros)),
      unit: 'x',
    },
    throughput('gateway', gateway),
    throughput('pipeline', pipeline),
    throughput('middleware', middleware),
  ]
}

function describeMemory(peaks) {
  const shown = { csv: 'CSV', json: 'JSON', slow: 'JSON, slow client' }
  return Object.entries(shown).flatMap(([key, title]) =>
    Object.keys(SCRIPTS).map((name) => ({
      what: `${title}: peak memory above idle, ${TITLES[name]}`,
      value: Math.max(...peaks[name][key]),
      unit: 'MiB',
      ...(name === 'gateway' && { goal: { atMost: 64 } }),
    })),
  )
}

function describeSmall({ gateway, pipeline, pipelineAgain, middleware }) {
  const added = (times) => summary(times.map((ms, round) => ms - pipeline[round]))
  return [
    { what: 'small get: added to pipeline, this package', ...added(gateway), unit: 'ms' },
    { what: 'small get: added to pipeline, http-proxy-middleware', ...added(middleware), unit: 'ms' },
    { what: 'small get: added to pipeline, the same pipeline (noise)', ...added(pipelineAgain), unit: 'ms' },
    { what: 'small get: this package', ...summary(gateway), unit: 'ms' },
    { what: 'small get: node:http with stream.pipeline', ...summary(pipeline), unit: 'ms' },
  ]
}
