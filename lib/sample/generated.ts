import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Column, QueryResult, Value } from '../result'
import { pause, type SampleRun, tableResult, verificationFailure } from './sample-query'

const MAX_ROWS = 100_000
/** Rows between two turns of the event loop: some milliseconds of work. */
const ROWS_PER_TURN = 5_000

const MANY_COLUMNS: readonly Column[] = [
  { name: 'n', type: 'integer' },
  { name: 'id', type: 'long' },
  { name: 'name', type: 'keyword' },
  { name: 'price', type: 'double' },
  { name: 'created', type: 'date' },
  { name: 'even', type: 'boolean' },
]

/** As many rows as asked for. */
export async function manyRows(limit: number, { signal }: SampleRun): Promise<QueryResult> {
  if (limit > MAX_ROWS) throw verificationFailure(`the sample engine has [${MAX_ROWS}] rows, not [${limit}]`)
  const values: Value[][] = []
  for (let n = 0; n < limit; n += 1) {
    const id = 9007199254740993n + BigInt(n)
    values.push([n, id, `item ${n}`, n / 4, 1577836800000 + n * 60_000, n % 2 === 0])
    if (n % ROWS_PER_TURN === 0) await nextTurn()
    signal.throwIfAborted()
  }
  return tableResult(MANY_COLUMNS, values)
}

const SLOW_COLUMNS: readonly Column[] = [
  { name: 'row', type: 'integer' },
  { name: 'found_at', type: 'date' },
]

/** Finds one row per second, the first one at once. A stop keeps those it has found. */
export async function slowRows(limit: number, run: SampleRun): Promise<QueryResult> {
  const values: Value[][] = []
  run.report({ columns: SLOW_COLUMNS, values })
  for (let row = 1; row <= limit; row += 1) {
    values.push([row, Math.trunc(run.clock.now())])
    await pause(1_000, run)
  }
  return tableResult(SLOW_COLUMNS, values)
}
