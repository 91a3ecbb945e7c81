import { parseTimeValue } from '../core/time-value'
import type { Value, ValueObject } from '../index'
import { QueryError } from '../index'
import { parseJson } from '../json/parse'
import { readArray, readObject, readText } from './json-checks'
import { readResponse, readRows } from './recorded-response'
import type { SampleQuery } from './sample-query'
import { evenOutBlanks, pause } from './sample-query'

/**
 * Reads a catalogue: the queries that a team wants answered, with the answers that Elasticsearch gave or would
 * give. Comments are welcome.
 *
 * ```json
 * {
 *   "queries": [
 *     {
 *       "query": "FROM logs | LIMIT 2",
 *       "shows": "two seconds of waiting",
 *       "delay": "2s",
 *       "partial_values": [["a"]],
 *       "response": { "columns": [{ "name": "host", "type": "keyword" }], "values": [["a"], ["b"]] }
 *     },
 *     {
 *       "pattern": "FROM gone.*",
 *       "response": { "error": { "type": "verification_exception", "reason": "Unknown index" }, "status": 400 }
 *     }
 *   ]
 * }
 * ```
 *
 * `query` is the whole text, `pattern` a regular expression for the whole text; blanks are evened out. `shows` is
 * for people, in the list of queries. The query runs for `delay`, and a stop meanwhile keeps `partial_values`. A
 * `response` may be a recorded body: fields that do not describe the result are skipped. The first entry that
 * matches answers. Only `response` and one of `query` and `pattern` are required.
 *
 * Throws an error that says what is wrong, and where.
 */
export function parseCatalogue(text: string): SampleQuery[] {
  const root = readObject(parseJson(text)?.value, 'the catalogue', ['queries'])
  return readArray(root.queries, 'queries').map((entry, index) => readEntry(entry, `queries[${index}]`))
}

const ENTRY = ['query', 'pattern', 'shows', 'delay', 'partial_values', 'response']

function readEntry(value: Value | undefined, where: string): SampleQuery {
  const entry = readObject(value, where, ENTRY)
  const { shows, delay, partial_values: partialValues = [] } = entry
  const delayMs = delay === undefined ? 0 : readDelay(delay, `${where}.delay`)
  const outcome = readResponse(entry.response, `${where}.response`)
  const partial =
    outcome instanceof QueryError
      ? undefined
      : {
          columns: outcome.columns,
          values: readRows(partialValues, outcome.columns, `${where}.partial_values`),
        }
  return {
    ...readMatcher(entry, where),
    ...(shows !== undefined && { shows: readText(shows, `${where}.shows`) }),
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
    const usage = evenOutBlanks(readText(query, `${where}.query`))
    return { usage, pattern: new RegExp(`^${usage.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`) }
  }
  const usage = readText(pattern, `${where}.pattern`)
  try {
    return { usage, pattern: new RegExp(`^(?:${usage})$`) }
  } catch (cause) {
    throw new Error(`${where}.pattern must be a regular expression`, { cause })
  }
}

function readDelay(value: Value, where: string): number {
  const text = readText(value, where)
  try {
    return Math.max(0, parseTimeValue('delay', text))
  } catch (cause) {
    throw new Error(`${where} must be a time value such as 500ms or 2s, got \`${text}\``, { cause })
  }
}
