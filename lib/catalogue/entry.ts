import type { QueryError } from '../core/errors'
import type { QueryResult } from '../core/result'
import type { Matcher } from './matching'

/** A known query, and what becomes of it. */
export interface CatalogueEntry {
  readonly matcher: Matcher
  /** How it is written. */
  readonly usage: string
  /** What it is for, for people. */
  readonly shows: string | undefined
  /** How long the query runs, in milliseconds. */
  readonly delayMs: number
  /** The longest time that it is kept, in milliseconds. */
  readonly keepAliveMs: number | undefined
  /** The rows that a stop keeps. `undefined`: every outcome is an error. */
  readonly partial: QueryResult | undefined
  /** One for each time that the query is asked, and at least one. The last one stays. */
  readonly outcomes: readonly (QueryResult | QueryError)[]
}
