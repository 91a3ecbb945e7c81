import type { IncomingHttpHeaders } from 'node:http'
import { isDeepStrictEqual } from 'node:util'
import { readQueryText } from '../catalogue/query-text'
import type { Value } from '../core/result'
import type { DoubleOperation } from './operations'

/** One request that a double has received, and what came of it. It grows until its answer has ended. */
export interface JournalEntry {
  /** `undefined` for a path or a method that the double does not have. */
  readonly operation: DoubleOperation | undefined
  readonly method: string
  /** Path and query string, as sent. */
  readonly url: string
  /** The text of the query, as sent. Of a request for a query by its id, that of its submit. */
  readonly query: string | undefined
  /** The params of that query, as sent: values, or objects with a name each. */
  readonly params: readonly Value[] | undefined
  /** The id of the query: from the path, or from the answer to a submit. */
  readonly id: string | undefined
  /**
   * Whose request it is: the name in `users`; or the scheme with what it names: `Basic alice`, `ApiKey key-1`, and for a JWT
   * `Bearer` with issuer and subject. A token that names nobody has a digest. `undefined`: nobody's.
   */
  readonly owner: string | undefined
  /** As sent, without credentials and cookies. */
  readonly headers: Readonly<IncomingHttpHeaders>
  /**
   * The status that the client has got, or `'aborted'`: the client left, or a fault has kept the whole answer from it.
   * `undefined`: there is no answer yet.
   */
  readonly status: number | 'aborted' | undefined
  /** The name of the fault that the request met: `reset`, `lose` … */
  readonly fault: string | undefined
  /** How long the request has waited for its query, in milliseconds of the double's clock. */
  readonly waitMs: number | undefined
  /** The format of the answer: `json`, `csv` … */
  readonly format: string | undefined
}

/** What entries have to be like: each field that is given. Of `headers`, those that are given. Texts of queries are compared as catalogues do. */
export type JournalFilter = Partial<JournalEntry>

export function fitsEntry(entry: JournalEntry, { headers, query, ...others }: JournalFilter): boolean {
  const isNormal = (text: string | undefined): string | undefined => text && readQueryText(text).normal
  if (query !== undefined && isNormal(entry.query) !== isNormal(query)) return false
  const isSame = ([name, value]: [string, unknown]): boolean =>
    value === undefined || isDeepStrictEqual(Reflect.get(entry, name), value)
  const hasHeader = ([name, value]: [string, unknown]): boolean =>
    isDeepStrictEqual(entry.headers[name.toLowerCase()], value)
  return Object.entries(others).every(isSame) && Object.entries(headers ?? {}).every(hasHeader)
}
