import type { Caller, Owner } from '../../core/caller'
import type { EngineResult, QueryResult } from '../../core/result'
import type { QueryRequest } from '../../core/store'

/** What an executor gets beside the request. */
export interface ExecuteContext {
  /**
   * Fires when the query is stopped, is deleted, expires or has run for too long. After a stop, the executor may still
   * resolve with what it has; in every other case its outcome no longer matters.
   *
   * Node.js turns an error that an abort listener throws into an uncaught exception of the process, which nobody can
   * catch.
   */
  signal: AbortSignal
  /**
   * Reports what the query has found so far: the rows that a stop keeps. An engine that gives its rows in batches need not
   * report: a stop keeps the batches that have come. Each call replaces the report before. The
   * store reads the arrays only when the query is stopped, so one call with arrays that go on growing is enough.
   *
   * `documentsFound` and `valuesLoaded` of its `statistics` show clients how far the query is.
   */
  report: (result: QueryResult) => void
  /** Who submitted the query. */
  owner: Owner
  /**
   * The same as the router knows them, so that an engine can act as the user: `user` and `claims` of {@link jwtCaller}, or
   * what your own `resolveCaller` returned. It holds no token. Without a router, it has nothing but the owner.
   */
  caller: Caller
}

/**
 * Runs one query: any engine. Throw a {@link QueryError} to fail the query with an error that the client sees.
 * Anything else is a fault of the engine; the client gets a 500 without the cause.
 *
 * For a result that is larger than memory should be, `values` is an iterable of batches, such as an async generator. The
 * store asks for a batch when it has kept the one before, checks its cells, and counts it. It begins every iterable, and
 * calls `return` of its iterator when the query is stopped, is deleted, expires or fails, so that the `finally` of a
 * generator closes a cursor. What the iterable returns at its end may be a {@link ResultEnd}: statistics, for example. An
 * error that it throws fails the query.
 */
export type Execute = (request: QueryRequest, context: ExecuteContext) => EngineResult | Promise<EngineResult>
