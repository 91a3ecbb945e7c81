import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Execute, QueryResult } from 'express-esql-async-query'
import { QueryError } from 'express-esql-async-query'

/**
 * An engine that repeats its input in its result, so that writers have to write it. `RUN` runs until it is released,
 * `FAIL` fails a little later.
 */
export class EchoEngine {
  readonly #held = new Set<() => void>()

  readonly execute: Execute = async ({ query, params = [], extra }, { signal, report }) => {
    const result: QueryResult = {
      columns: [
        { name: query.slice(0, 100), type: 'keyword' },
        { name: '__proto__', type: 'long' },
        { name: 'gone', type: 'keyword' },
      ],
      values: [
        [query, 9007199254740993n, null],
        [[...params.map(({ value }) => String(value)), JSON.stringify(extra ?? {}), '"'], 2, null],
      ],
    }
    if (query === 'FAIL') {
      await nextTurn()
      throw new QueryError('verification_exception', `Unknown index [${query}]`)
    }
    if (query !== 'RUN') return result
    report(result)
    return new Promise((resolve, reject) => {
      const release = (): void => {
        this.#held.delete(release)
        resolve(result)
      }
      this.#held.add(release)
      signal.addEventListener('abort', () => {
        this.#held.delete(release)
        reject(signal.reason)
      })
    })
  }

  /** Ends every running query. */
  release(): void {
    for (const release of [...this.#held]) release()
  }
}
