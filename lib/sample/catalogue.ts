import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseTimeValue } from '../core/time-value'
import type { Value, ValueObject } from '../index'
import { QueryError } from '../index'
import { STRICT } from '../json/elasticsearch-body'
import { parseJson } from '../json/parse'
import { MANY_ROWS, ROW_OF_PARAMS } from './computed-queries'
import type { SampleQuery } from './engine'
import { evenOutBlanks, pause } from './engine'

/** The same from `lib/` and from the compiled package. */
const DEFAULT_FILE = path.join(__dirname, '..', '..', 'sample-queries.json')

/** The sample queries of this package: those of its file, and two whose answers depend on the request. */
export function readDefaultCatalogue(): SampleQuery[] {
  return [...parseCatalogue(readFileSync(DEFAULT_FILE, 'utf8')), MANY_ROWS, ROW_OF_PARAMS]
}

/** Reads a catalogue, which the README describes. Throws an error that says what is wrong, and where. */
export function parseCatalogue(text: string): SampleQuery[] {
  const { queries } = readObject(parseJson(text)?.value, 'the catalogue', ['queries'])
  return STRICT.array(queries, 'queries').map((entry, index) => readEntry(entry, `queries[${index}]`))
}

const ENTRY = ['query', 'pattern', 'shows', 'delay', 'partial_values', 'response']

function readEntry(value: Value | undefined, where: string): SampleQuery {
  const entry = readObject(value, where, ENTRY)
  const { shows, delay, partial_values: partialValues = [] } = entry
  const delayMs = delay === undefined ? 0 : readDelay(delay, `${where}.delay`)
  const source = `${where}.response`
  const body = STRICT.object(entry.response, source)
  const outcome = body.error === undefined ? STRICT.result(body, source) : STRICT.error(body, source)
  const partial =
    outcome instanceof QueryError
      ? undefined
      : {
          columns: outcome.columns,
          values: STRICT.rows(partialValues, outcome.columns, `${where}.partial_values`),
        }
  return {
    ...readMatcher(entry, where),
    ...(shows !== undefined && { shows: STRICT.text(shows, `${where}.shows`) }),
    async answer(_, run) {
      if (partial) run.report(partial)
      if (delayMs > 0) await pause(delayMs, run)
      if (outcome instanceof QueryError) throw outcome
      return outcome
    },
  }
}

function readMatcher({ query, pattern }: ValueObject, where: string): Pick<SampleQuery, 'usage' | 'pattern'> {
  if ((query === undefined) === (pattern === undefined)) {
    throw new Error(`${where} must have either \`query\` or \`pattern\``)
  }
  if (query !== undefined) {
    const usage = evenOutBlanks(STRICT.text(query, `${where}.query`))
    return { usage, pattern: new RegExp(`^${usage.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`) }
  }
  const usage = STRICT.text(pattern, `${where}.pattern`)
  try {
    return { usage, pattern: new RegExp(`^(?:${usage})$`) }
  } catch (cause) {
    throw new Error(`${where}.pattern must be a regular expression`, { cause })
  }
}

function readDelay(value: Value, where: string): number {
  const text = STRICT.text(value, where)
  try {
    return Math.max(0, parseTimeValue('delay', text))
  } catch (cause) {
    throw new Error(`${where} must be a time value such as 500ms or 2s, got \`${text}\``, { cause })
  }
}

function readObject(value: Value | undefined, where: string, known: readonly string[]): ValueObject {
  const object = STRICT.object(value, where)
  const unknown = Object.keys(object).find((name) => !known.includes(name))
  if (unknown !== undefined) {
    throw new Error(`${where} does not know \`${unknown}\`; known are: ${known.join(', ')}`)
  }
  return object
}
