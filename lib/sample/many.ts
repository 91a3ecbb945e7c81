import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Column, QueryResult, Value } from '../index'
import type { SampleQuery } from './sample-query'
import { verificationFailure } from './sample-query'

/** As many rows as asked for. */
export const MANY_ROWS: SampleQuery = {
  usage: 'FROM many | LIMIT 5000',
  shows: 'as many rows as you ask for, up to 100000',
  pattern: /^FROM many(?: ?\| ?LIMIT (\d+))?$/i,
  answer: ([limit = '1000'], { signal }) => manyRows(Number(limit), signal),
}

const MAX_ROWS = 100_000
/** Rows between two turns of the event loop: some milliseconds of work. */
const ROWS_PER_TURN = 5_000

const COLUMNS: readonly Column[] = [
  { name: 'n', type: 'integer' },
  { name: 'id', type: 'long' },
  { name: 'name', type: 'keyword' },
  { name: 'price', type: 'double' },
  { name: 'created', type: 'date' },
  { name: 'even', type: 'boolean' },
]

async function manyRows(limit: number, signal: AbortSignal): Promise<QueryResult> {
  if (limit > MAX_ROWS) throw verificationFailure(`the sample engine has [${MAX_ROWS}] rows, not [${limit}]`)
  const values: Value[][] = []
  for (let n = 0; n < limit; n += 1) {
    const id = 9007199254740993n + BigInt(n)
    values.push([n, id, `item ${n}`, n / 4, 1577836800000 + n * 60_000, n % 2 === 0])
    if (n % ROWS_PER_TURN === 0) await nextTurn()
    signal.throwIfAborted()
  }
  return {
    columns: COLUMNS,
    values,
    statistics: { documentsFound: limit, valuesLoaded: limit * COLUMNS.length },
  }
}
