import type { RowBatches, Rows } from '../../../lib/core/result'
import { isRows } from '../../../lib/core/result'
import type { AsyncQuery } from '../../../lib/core/store'
import type { BrokenStore } from './broken-store'
import { inAnswer } from './broken-store'

type Change = (values: RowBatches, query: AsyncQuery) => Partial<RowBatches>

/** A flaw in the batches that `get` returns. Each query has the same ones each time. */
function inBatches(change: Change): BrokenStore['breaks'] {
  const known = new WeakMap<object, RowBatches>()
  return inAnswer((query) => {
    if (query.isRunning || isRows(query.result.values)) return query
    const { values } = query.result
    const { rowCount } = values
    const batches = (): Iterable<Rows | Promise<Rows>> => values.batches()
    const changed = known.get(query.result) ?? { rowCount, batches, ...change(values, query) }
    known.set(query.result, changed)
    return { ...query, result: { ...query.result, values: changed } }
  })
}

/** Readers of a large result share one iterator, which does not care when one of them leaves. */
function sharing(begin: (values: RowBatches) => () => Iterator<Rows | Promise<Rows>>): Change {
  return (values) => {
    const next = begin(values)
    return { batches: () => ({ [Symbol.iterator]: () => ({ next: () => next().next() }) }) }
  }
}

/** Ends without an error once its query is gone. */
function shortOnceGone(isGone: (query: AsyncQuery) => boolean): Change {
  return (values, query) => ({
    *batches() {
      for (const batch of values.batches()) {
        if (isGone(query)) return
        yield batch
      }
    },
  })
}

export const brokenLargeResults: readonly BrokenStore[] = [
  {
    flaw: 'loses a batch of a large result',
    breaks: inBatches((values) => ({ batches: () => [...values.batches()].slice(1) })),
    caughtBy: ['a large result comes whole and in order'],
  },
  {
    flaw: 'gives the batches of a large result once',
    breaks: inBatches(
      sharing((values) => {
        const batches = values.batches()[Symbol.iterator]()
        return () => batches
      }),
    ),
    caughtBy: ['a large result comes alike each time'],
  },
  {
    flaw: 'counts the rows of a large result wrong',
    breaks: inBatches(({ rowCount }) => ({ rowCount: rowCount - 1 })),
    caughtBy: ['a large result tells how many rows it has, and what it tells about its columns is so'],
  },
  {
    flaw: 'has one place for all readers of a large result',
    breaks: inBatches(
      sharing((values) => {
        let batches = values.batches()[Symbol.iterator]()
        return () => ({
          next() {
            const next = batches.next()
            if (next.done) batches = values.batches()[Symbol.iterator]()
            return next
          },
        })
      }),
    ),
    caughtBy: ['readers of a large result do not disturb each other, however fast each of them is'],
  },
  {
    flaw: 'goes on where a reader of a large result has left',
    breaks: inBatches((values) => {
      let left = 0
      return {
        *batches() {
          let at = 0
          let isWhole = false
          try {
            for (const batch of values.batches()) if (at++ >= left) yield batch
            isWhole = true
          } finally {
            left = isWhole ? 0 : at
          }
        },
      }
    }),
    caughtBy: ['a reader who leaves a large result early leaves nothing behind'],
  },
  {
    flaw: 'ends a large result early when it is deleted',
    breaks(good, harness) {
      let isDeleted = false
      return {
        ...inBatches(shortOnceGone(() => isDeleted))(good, harness),
        delete(id, owner, options) {
          isDeleted = true
          return good.delete(id, owner, options)
        },
      }
    },
    caughtBy: ['a large result that is deleted while it is read comes whole, or not to its end'],
  },
  {
    flaw: 'ends a large result early when it expires',
    breaks: (good, harness) =>
      inBatches(shortOnceGone(({ expirationTimeMs = 0 }) => harness.clock.now() >= expirationTimeMs))(
        good,
        harness,
      ),
    caughtBy: ['a large result that expires while it is read comes whole, or not to its end'],
  },
]
