import type { Execute, QueryResult } from 'express-esql-async-query'
import { QueryError } from 'express-esql-async-query'
import { FAILURE } from './model'

/** An engine whose queries do what the first word of their text says. Rows name the owner that the engine got. */
export class ModelEngine {
  readonly #running = new Map<string, { complete: () => void; fail: () => void }>()

  readonly execute: Execute = ({ query }, { owner, signal, report }) => {
    const failure = new QueryError(FAILURE.type, FAILURE.reason)
    if (query.startsWith('fast')) return tableOf(owner, query)
    if (query.startsWith('fail')) throw failure
    report(tableOf(owner, `${query} so far`))
    return new Promise((resolve, reject) => {
      this.#running.set(query, {
        complete: () => resolve(tableOf(owner, query)),
        fail: () => reject(failure),
      })
      signal.addEventListener('abort', () => reject(signal.reason))
    })
  }

  end(query: string, fails: boolean): void {
    const run = this.#running.get(query)
    if (fails) run?.fail()
    else run?.complete()
  }
}

function tableOf(owner: string, text: string): QueryResult {
  return {
    columns: [
      { name: 'owner', type: 'keyword' },
      { name: 'text', type: 'keyword' },
    ],
    values: [[owner, text]],
  }
}
