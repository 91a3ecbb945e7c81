import { illegalArgument } from '../../core/errors'
import type { StoredResult } from '../../core/result'
import { batchesOf, isRows } from '../../core/result'
import { cellValue, isMany } from '../cells/cell'
import { isAlwaysNull } from '../columns'
import type { Writer, Writing } from '../writer'
import { CELLS_PER_TURN } from '../writer'
import { ArrowBatches } from './arrow-batches'
import { arrowColumn } from './arrow-columns'
import type { ArrowModule } from './arrow-vectors'

/** What Arrow shows of a query that runs. */
const NO_RESULT: StoredResult = { columns: [], values: [] }

/**
 * The writer of Arrow's IPC stream format. It needs the package `apache-arrow`, which is large and serves few
 * clients: the package is optional, and the first request for the format loads it.
 *
 * Rejects with `illegal_argument_exception` where the package is not installed.
 */
export async function loadArrowWriter(): Promise<Writer> {
  const arrow = loadArrow()
  return (query) => {
    const result = query.isRunning ? NO_RESULT : query.result
    // Refuses columns of some types. The generator would yield before it comes to them.
    for (const column of result.columns) arrowColumn(arrow, column, false)
    return recordBatches(arrow, result)
  }
}

function loadArrow(): ArrowModule {
  try {
    // Not `import()`: test runners that run CommonJS in a context of their own refuse it.
    return require('apache-arrow')
  } catch (cause) {
    throw illegalArgument('the format [arrow] needs the package [apache-arrow] on the server', { cause })
  }
}

function* recordBatches(arrow: ArrowModule, result: StoredResult): Writing {
  const isMultiValued = yield* multiValuedColumns(result)
  const columns = result.columns.map((column, index) => arrowColumn(arrow, column, !!isMultiValued[index]))
  const batches = new ArrowBatches(arrow, columns)
  let cells = 0
  for (const read of batchesOf(result.values)) {
    for (const row of isRows(read) ? read : yield read) {
      // Before the row: the end of the stream goes into one chunk with the last row.
      if (batches.isFull) {
        yield batches.flush()
        cells = 0
      } else if (cells >= CELLS_PER_TURN) {
        yield ''
        cells = 0
      }
      batches.append(row)
      cells += columns.length
    }
  }
  yield batches.end()
}

/**
 * Tells which columns have a multi-value. The schema comes first, and one makes a column a column of lists. Reads all rows
 * where the batches do not tell.
 */
function* multiValuedColumns({ columns, values }: StoredResult): Writing<readonly boolean[]> {
  if (!isRows(values) && values.multiValuedColumns) return values.multiValuedColumns
  const isMultiValued = columns.map(() => false)
  const open = columns.flatMap(({ type }, index) => (isAlwaysNull(type) ? [] : [index]))
  let cells = 0
  for (const batch of batchesOf(values)) {
    for (const row of isRows(batch) ? batch : yield batch) {
      for (const index of open) {
        const value = cellValue(row[index])
        if (value !== null && isMany(value)) isMultiValued[index] = true
      }
      cells += columns.length
      if (cells < CELLS_PER_TURN) continue
      cells = 0
      yield ''
    }
  }
  return isMultiValued
}
