import { setTimeout } from 'node:timers/promises'
import type { Execute, ExecuteContext, QueryRequest, QueryResult } from 'express-esql-async-query'
import { QueryError } from 'express-esql-async-query'

/** The result of every query that completes by itself. */
export const TABLE: QueryResult = {
  columns: [
    { name: 'n', type: 'long' },
    { name: 'name', type: 'keyword' },
    { name: 'price', type: 'double' },
    { name: 'gone', type: 'keyword' },
  ],
  values: [
    [9007199254740993n, 'one, "1"', 1, null],
    [2, 'tw\u00f6', 0.0001, null],
  ],
}

export const FAILURE = new QueryError(
  'verification_exception',
  'Found 1 problem\nline 1:6: Unknown index [nope]',
)

/** Fails after whatever answers at once. */
async function failLater(): Promise<never> {
  await setTimeout(1)
  throw FAILURE
}

/** One query of an engine that does not end by itself. */
export interface Run extends ExecuteContext {
  request: QueryRequest
  complete(result?: QueryResult): void
  fail(error: unknown): void
}

/** An engine whose queries do what their text says: `RUN` until the test ends it, `FAIL`, at once or `LATER`, or complete. */
export class Engine {
  readonly requests: QueryRequest[] = []
  readonly runs: Run[] = []

  readonly execute: Execute = (request, context) => {
    this.requests.push(request)
    if (request.query === 'FAIL') return Promise.reject(FAILURE)
    if (request.query === 'FAIL LATER') return failLater()
    if (request.query !== 'RUN') return Promise.resolve(TABLE)
    return new Promise((resolve, reject) => {
      this.runs.push({ ...context, request, complete: (result = TABLE) => resolve(result), fail: reject })
      context.signal.addEventListener('abort', () => reject(context.signal.reason))
    })
  }

  /** The query that was started last. */
  get run(): Run {
    const run = this.runs.at(-1)
    if (!run) throw new Error('The engine runs no query')
    return run
  }
}

const NOW = Date.UTC(2025, 0, 1)

/** {@link TABLE} as JSON, from `columns` on. */
const TABLE_JSON =
  '"columns":[{"name":"n","type":"long"},{"name":"name","type":"keyword"},{"name":"price","type":"double"},' +
  '{"name":"gone","type":"keyword"}],"values":[[9007199254740993,"one, \\"1\\"",1.0,null],' +
  '[2,"tw\u00f6",1.0E-4,null]]}'

interface Envelope {
  id?: string
  tookMs?: number
  isPartial?: boolean
  keepAliveMs?: number
  table?: string
}

const DAY_MS = 86_400_000

/** The JSON of a completed query that started before the clock of the gateway moved. */
export function completedJson(envelope: Envelope = {}): string {
  const { id, tookMs = 0, isPartial = false, keepAliveMs = 5 * DAY_MS, table = TABLE_JSON } = envelope
  return (
    `{${id === undefined ? '' : `"id":"${id}",`}"is_running":false,"took":${tookMs},"is_partial":${isPartial},` +
    `"completion_time_in_millis":${NOW + tookMs},"documents_found":0,"values_loaded":0,` +
    `"start_time_in_millis":${NOW},` +
    `"expiration_time_in_millis":${NOW + keepAliveMs},${table}`
  )
}

/** The JSON of a running query that started before the clock of the gateway moved. */
export function runningJson(id: string, keepAliveMs = 5 * DAY_MS): string {
  return (
    `{"id":"${id}","is_running":true,"documents_found":0,"values_loaded":0,"rows_emitted":0,"bytes_read":0,` +
    `"read_nanos":0,"cpu_nanos":0,"start_time_in_millis":${NOW},` +
    `"expiration_time_in_millis":${NOW + keepAliveMs},"columns":[],"values":[]}`
  )
}

/** The JSON of an error that is its own root cause. */
export function errorJson(status: number, type: string, reason: string): string {
  const error = { type, reason }
  return JSON.stringify({ error: { root_cause: [error], ...error }, status })
}
