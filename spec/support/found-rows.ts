import type { RowBatches, Rows } from '../../lib/core/result'
import { batchesOf } from '../../lib/core/result'
import { rows } from './store-bench'

/** What a result of one column has, with a row for each cell, however its store keeps rows in memory. */
export function foundRows(...cells: string[]): object {
  const { columns, values } = rows(...cells)
  return { columns, values: valuesLike(values) }
}

/** Matches the `values` of a result with these rows, in an array or in batches that are in memory. */
export function valuesLike(expected: Rows): { asymmetricMatch(values: Rows | RowBatches): boolean } {
  return {
    asymmetricMatch: (values) => {
      expect([...batchesOf(values)].flat()).toEqual(expected)
      return true
    },
  }
}
