import type { Double, DoubleOptions } from 'express-esql-async-query/double'
import { startDouble } from 'express-esql-async-query/double'
import fc from 'fast-check'
import type { QueryResult, Value } from '../../lib/core/result'
import { nextTurn } from '../../lib/core/turns'
import { anyCharacter } from '../support/any-character'
import type { Cluster } from '../support/cluster'
import { API_KEY, startCluster } from '../support/cluster'
import { Asker } from '../support/double'
import { leaveCi, RecordingFolder } from '../support/recordings'

/** How one client comes to the result of a query. */
interface Pattern {
  /** Of the submit. `0ms` begins to poll at once. */
  wait: '0ms' | '1m'
  /** Gets before the query ends. */
  polls: number
  /** Whether the last get waits for the end, or comes after it. */
  waitsForEnd: boolean
  keeps: boolean
  format: 'json' | 'csv' | 'tsv' | 'txt'
  columnar: boolean
  ends: 'delete' | 'leave'
}

/** What the cluster has for a query. */
interface Known {
  name: string
  params: readonly (string | bigint)[]
  values: Value[][]
  /** Why it fails, if it does. */
  reason: string | undefined
  warning: string | undefined
}

const COLUMNS: QueryResult['columns'] = [
  { name: 'id', type: 'long' },
  { name: 'unsigned', type: 'unsigned_long' },
  { name: 'ratio', type: 'double' },
  { name: 'text', type: 'keyword' },
]

const patterns: fc.Arbitrary<Pattern> = fc.record({
  wait: fc.constantFrom('0ms', '1m'),
  polls: fc.nat(3),
  waitsForEnd: fc.boolean(),
  keeps: fc.boolean(),
  format: fc.constantFrom('json', 'csv', 'tsv', 'txt'),
  columnar: fc.boolean(),
  ends: fc.constantFrom('delete', 'leave'),
})

const big = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)
const rows = fc.array(
  fc.tuple(
    fc.oneof(big, fc.array(big, { minLength: 2, maxLength: 3 })),
    fc.bigInt(2n ** 53n, 2n ** 64n - 1n),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.oneof(fc.string({ unit: anyCharacter, maxLength: 12 }), fc.constant(null)),
  ),
  { maxLength: 6 },
)

const text = fc.string({ unit: anyCharacter, maxLength: 20 })

const catalogues: fc.Arbitrary<Known[]> = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom('FROM a', 'FROM b | LIMIT 2', 'FROM "c  d"'),
    params: fc.array(fc.oneof(big, fc.string({ maxLength: 4 })), { maxLength: 2 }),
    values: rows,
    reason: fc.option(text, { nil: undefined, freq: 1 }),
    warning: fc.option(text, { nil: undefined }),
  }),
  {
    selector: ({ name, params }) => JSON.stringify([name, params.map(String), params.map((p) => typeof p)]),
    minLength: 1,
    maxLength: 4,
  },
)

/** A server, and how its time passes. */
interface Stage {
  url: string
  /** Lets the query end, and resolves with what waits for it. */
  end<T>(waiting: Promise<T>): Promise<T>
  /** Lets some time pass. */
  tick(): Promise<void>
}

/** The exact text of JSON with bigint. */
function exact(value: unknown): string {
  if (typeof value === 'bigint') return String(value)
  if (Array.isArray(value)) return `[${value.map(exact).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return `{${Object.entries(value)
    .map(([name, member]) => `${JSON.stringify(name)}:${exact(member)}`)
    .join(',')}}`
}

/** Asks a query in a pattern, and resolves with what the last answer shows: the same for every pattern but for its form. */
async function ask(stage: Stage, { name, params }: Known, pattern: Pattern): Promise<string> {
  const { wait, polls, waitsForEnd, keeps, format, columnar, ends } = pattern
  const asker = new Asker(stage.url)
  const body = exact({
    query: name,
    ...(params.length > 0 && { params }),
    wait_for_completion_timeout: wait,
    keep_on_completion: keeps,
    ...(columnar && format === 'json' && { columnar }),
  })
  const submitting = fetch(`${stage.url}/_query/async?format=${format}`, {
    method: 'POST',
    headers: { ...asker.headers, 'content-type': 'application/json' },
    body,
  })
  let answer = await (wait === '1m' ? stage.end(submitting) : submitting)
  const path = `/_query/async/${encodeURIComponent(answer.headers.get('x-elasticsearch-async-id') ?? '')}`
  const get = (time: string) =>
    fetch(`${stage.url}${path}?wait_for_completion_timeout=${time}&format=${format}`, {
      headers: asker.headers,
    })
  for (let poll = 0; isRunning(answer) && poll < polls; poll += 1) answer = await get('0ms')
  if (isRunning(answer)) answer = await stage.end(waitsForEnd ? get('1m') : Promise.resolve(answer))
  while (isRunning(answer)) {
    await stage.tick()
    answer = await get('0ms')
  }
  const text = await shown(answer)
  if (ends === 'delete') await asker.send('DELETE', path)
  return text
}

function isRunning({ headers }: Response): boolean {
  return headers.get('x-elasticsearch-async-is-running') === '?1'
}

/** Status, warnings and body, without what belongs to one run. */
async function shown(response: Response): Promise<string> {
  const text = await response.text()
  const parsed = text.replace(/^\{.*?"columns":/s, '{"columns":')
  return [
    response.status,
    (response.headers.get('warning') ?? '').replace(/Elasticsearch-\S+/g, ''),
    parsed,
  ].join('\n')
}

describe('a recording made with one polling pattern', () => {
  let cluster: Cluster
  let folder: RecordingFolder
  let returnToCi: () => void
  const doubles: Double[] = []

  beforeEach(async () => {
    returnToCi = leaveCi()
    folder = new RecordingFolder()
    cluster = await startCluster({ execute() {} })
  })
  afterEach(async () => {
    await Promise.all(doubles.splice(0).map((double) => double.close()))
    await cluster.close()
    folder.remove()
    returnToCi()
  })

  const start = async (options: DoubleOptions): Promise<Double> => {
    const double = await startDouble({ catalogue: folder.file, ...options })
    doubles.push(double)
    return double
  }
  const recorder = (file: string) =>
    start({ catalogue: file, record: { mode: 'update', url: cluster.url, apiKey: API_KEY.encoded } })

  /** A server whose queries the cluster runs. */
  const inCluster = ({ url }: Double, { values, reason, warning }: Known): Stage => ({
    url,
    tick: nextTurn,
    async end(waiting) {
      while (cluster.running.length === 0) await nextTurn()
      const [query] = cluster.running
      if (warning !== undefined) query?.warnings.push(warning)
      if (reason !== undefined) query?.fail({ status: 400, type: 'verification_exception', reason })
      else query?.complete({ columns: COLUMNS, values })
      return waiting
    },
  })

  const inReplay = (double: Double): Stage => ({
    url: double.url,
    tick: () => double.advance('100ms'),
    async end(waiting) {
      let isOver = false
      const watched = waiting.finally(() => {
        isOver = true
      })
      while (!isOver) {
        await double.advance('100ms')
        await nextTurn()
      }
      return watched
    },
  })

  it('replays under every other one, to the last digit', async () => {
    const four = fc.array(patterns, { minLength: 4, maxLength: 4 })
    const property = fc.asyncProperty(catalogues, four, four, async (known, recorded, replayed) => {
      folder.remove()
      folder = new RecordingFolder()
      const recording = await recorder(folder.file)
      for (const [index, query] of known.entries()) {
        await ask(inCluster(recording, query), query, recorded[index] as Pattern)
      }
      await recording.close()
      const real = await recorder(`${folder.path}/elsewhere.json`)
      const replays = [
        await start({ clock: 'manual', delays: 'none' }),
        await start({ clock: 'manual', delays: 'recorded' }),
      ]
      for (const [index, query] of known.entries()) {
        const pattern = replayed[index] as Pattern
        const answer = await ask(inCluster(real, query), query, pattern)
        for (const replay of replays) expect(await ask(inReplay(replay), query, pattern)).toBe(answer)
      }
      await Promise.all([real, ...replays].map((double) => double.close()))
    })
    await fc.assert(property, { numRuns: 15 })
  }, 240_000)
})
