import { QueryError } from '../errors'
import type { Column, Value } from '../result'
import { BOOK_COLUMNS, BOOKS } from './books'
import { manyRows, slowRows } from './generated'
import { ROW_OF_PARAMS, rowOfParams } from './params'
import type { SampleQuery } from './sample-query'
import { pause, tableResult } from './sample-query'
import { ALL_TYPES, BASIC_TYPES } from './types'

/** What the sample engine knows unless it is given a catalogue: each state, type and size of an answer. */
export const BUILT_IN_QUERIES: readonly SampleQuery[] = [
  table('books', 'a small table: text, a multi-value, a null', BOOK_COLUMNS, BOOKS),
  table('types', 'a column of every ES|QL type', ALL_TYPES.columns, ALL_TYPES.values),
  table('types_basic', 'those that Arrow can carry', BASIC_TYPES.columns, BASIC_TYPES.values),
  {
    usage: 'FROM many | LIMIT 5000',
    shows: 'as many rows as you ask for, up to 100000',
    pattern: source('many'),
    answer: ([limit], run) => manyRows(Number(limit ?? 1_000), run),
  },
  {
    usage: 'FROM slow | LIMIT 10',
    shows: 'a row per second; stop it and keep the rows so far',
    pattern: source('slow'),
    answer: ([limit], run) => slowRows(Number(limit ?? 10), run),
  },
  {
    usage: 'FROM failing',
    shows: 'runs for two seconds, then fails; a get gives the failure back',
    pattern: source('failing'),
    async answer(_, run) {
      await pause(2_000, run)
      throw new QueryError('circuit_breaking_exception', '[request] Data too large for the sample engine', {
        metadata: { bytes_wanted: 2_147_483_648, bytes_limit: 1_073_741_824, durability: 'TRANSIENT' },
      })
    },
  },
  {
    usage: 'FROM missing',
    shows: 'fails at once: there is no such index',
    pattern: source('missing'),
    answer() {
      throw new QueryError('verification_exception', 'Unknown index [missing]')
    },
  },
  {
    usage: 'ROW x = ?, y = ?',
    shows: 'the params of the request, 64-bit integers included',
    pattern: ROW_OF_PARAMS,
    answer: ([assignments = ''], { request }) => rowOfParams(assignments, request),
  },
]

function table(
  name: string,
  shows: string,
  columns: readonly Column[],
  values: readonly (readonly Value[])[],
): SampleQuery {
  return {
    usage: `FROM ${name}`,
    shows,
    pattern: source(name),
    answer: ([limit]) => tableResult(columns, limit === undefined ? values : values.slice(0, Number(limit))),
  }
}

/** `FROM name`, with or without a limit. */
function source(name: string): RegExp {
  return new RegExp(`^FROM ${name}(?: ?\\| ?LIMIT (\\d+))?$`, 'i')
}
