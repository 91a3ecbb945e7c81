import { ownerOf } from 'express-esql-async-query'
import { issuer } from '../tokens'
import type { Command, Kind, User } from './commands'
import { WAIT_MS } from './commands'

/** A query in the model. */
export interface ModelQuery {
  readonly user: User
  readonly text: string
  readonly kind: Kind
  readonly keeps: boolean
  readonly startMs: number
  expiresMs: number
  state: 'running' | 'completed' | 'stopped' | 'failed'
  tookMs: number
  isGone: boolean
  /** Known when an answer has shown it. */
  id?: string
}

/** An answer without the id. */
export interface Expected {
  status: number
  body: object
  /** The place of the id in the answer. */
  id: 'everywhere' | 'header' | 'nowhere'
  isRunning?: '?0' | '?1'
  expiresMs?: number
}

/** The expected answer to a request, as soon as an answer is due. */
export interface Reply {
  query: ModelQuery | undefined
  expected?: Expected
}

interface Wait {
  reply: Reply
  query: ModelQuery
  untilMs: number
  isSubmit: boolean
}

const COLUMNS = [
  { name: 'owner', type: 'keyword' },
  { name: 'text', type: 'keyword' },
]
const NO_WORK = { documents_found: 0, values_loaded: 0 }
const NO_WORK_YET = { ...NO_WORK, rows_emitted: 0, bytes_read: 0, read_nanos: 0, cpu_nanos: 0 }

/** The life of queries as a client may rely on it, without HTTP and without concurrency. */
export class Model {
  readonly queries: ModelQuery[] = []
  readonly #waits = new Set<Wait>()
  nowMs: number

  constructor(nowMs: number) {
    this.nowMs = nowMs
  }

  get waiting(): number {
    return this.#waits.size
  }

  get known(): ModelQuery[] {
    return this.queries.filter(({ id }) => id !== undefined)
  }

  get running(): ModelQuery[] {
    return this.queries.filter(({ state, isGone }) => state === 'running' && !isGone)
  }

  submit({ user, kind, waits, keeps, keepMs }: Extract<Command, { do: 'submit' }>): Reply {
    const query: ModelQuery = {
      user,
      kind,
      keeps,
      text: `${kind} ${user} ${this.queries.length}`,
      startMs: this.nowMs,
      expiresMs: this.nowMs + keepMs,
      state: 'running',
      tookMs: 0,
      isGone: false,
    }
    this.queries.push(query)
    // Without a wait, a query that ends at once may end before or after the answer. So it always gets a wait.
    const waitMs = waits || kind !== 'slow' ? WAIT_MS : 0
    const reply = this.#wait(query, waitMs, true)
    if (kind !== 'slow') this.end(query, kind === 'fail')
    return reply
  }

  get(query: ModelQuery | undefined, { user, waitMs, keepMs }: Extract<Command, { do: 'get' }>): Reply {
    if (!query || !this.#sees(query, user)) return notFound(query)
    if (keepMs !== undefined) query.expiresMs = this.nowMs + keepMs
    return this.#wait(query, waitMs ?? Number.POSITIVE_INFINITY, false)
  }

  head(query: ModelQuery | undefined, user: User): Reply {
    if (!query || !this.#sees(query, user)) return notFound(query)
    const expected = answerOf(query)
    return {
      query,
      expected: { ...expected, ...(expected.status === 200 && { expiresMs: query.expiresMs }) },
    }
  }

  stop(query: ModelQuery | undefined, user: User): Reply {
    if (!query || !this.#sees(query, user)) return notFound(query)
    if (query.state === 'running') this.#becomes(query, 'stopped')
    return { query, expected: answerOf(query) }
  }

  delete(query: ModelQuery | undefined, user: User): Reply {
    const isAllowed = query && !query.isGone && (query.user === user || user === 'admin')
    if (!isAllowed) return notFound(query)
    this.#forget(query, 'cancelled by user')
    return { query, expected: { status: 200, body: { acknowledged: true }, id: 'nowhere' } }
  }

  end(query: ModelQuery, fails: boolean): void {
    this.#becomes(query, fails ? 'failed' : 'completed')
  }

  advance(ms: number): void {
    const endMs = this.nowMs + ms
    for (let next = this.#nextDue(endMs); next; next = this.#nextDue(endMs)) {
      this.nowMs = next.dueMs
      next.happens()
    }
    this.nowMs = endMs
  }

  #sees(query: ModelQuery, user: User): boolean {
    return query.user === user && !query.isGone
  }

  #wait(query: ModelQuery, waitMs: number, isSubmit: boolean): Reply {
    const reply: Reply = { query }
    if (query.state !== 'running' || waitMs === 0) reply.expected = answerOf(query)
    else this.#waits.add({ reply, query, untilMs: this.nowMs + waitMs, isSubmit })
    return reply
  }

  #becomes(query: ModelQuery, state: 'completed' | 'stopped' | 'failed'): void {
    query.state = state
    query.tookMs = this.nowMs - query.startMs
    for (const wait of this.#waitsFor(query)) {
      this.#answer(wait, answerOf(query, wait.isSubmit))
      // Without keep_on_completion, a complete answer to the submit is the last use of the result.
      if (wait.isSubmit && (state === 'failed' || !query.keeps)) query.isGone = true
    }
  }

  #forget(query: ModelQuery, why: string): void {
    query.isGone = true
    for (const wait of this.#waitsFor(query)) {
      this.#answer(wait, failure(400, 'task_cancelled_exception', `task cancelled [${why}]`))
    }
  }

  #answer(wait: Wait, expected: Expected): void {
    this.#waits.delete(wait)
    wait.reply.expected = expected
  }

  #waitsFor(query: ModelQuery): Wait[] {
    return [...this.#waits].filter((wait) => wait.query === query)
  }

  #nextDue(endMs: number): { dueMs: number; happens: () => void } | undefined {
    const due = [
      ...[...this.#waits].map((wait) => ({
        dueMs: wait.untilMs,
        happens: () => this.#answer(wait, answerOf(wait.query)),
      })),
      ...this.queries
        .filter(({ isGone }) => !isGone)
        .map((query) => ({
          dueMs: query.expiresMs,
          happens: () => this.#forget(query, 'keep_alive expired'),
        })),
    ]
    return due.filter(({ dueMs }) => dueMs <= endMs).sort((one, other) => one.dueMs - other.dueMs)[0]
  }
}

/** The rows of a query. They name the owner. */
export function rowsOf(user: User, text: string): [string, string][] {
  return [[ownerOf(issuer, user), text]]
}

export const FAILURE = { type: 'verification_exception', reason: 'Unknown index [nope]' }

function answerOf(query: ModelQuery, isSubmit = false): Expected {
  const { user, text, keeps, startMs, expiresMs, state, tookMs } = query
  const times = { start_time_in_millis: startMs, expiration_time_in_millis: expiresMs }
  if (state === 'failed') return failure(400, FAILURE.type, FAILURE.reason)
  if (state === 'running') {
    const body = { is_running: true, ...NO_WORK_YET, ...times, columns: [], values: [] }
    return { status: 200, body, id: 'everywhere', isRunning: '?1' }
  }
  const isPartial = state === 'stopped'
  const body = {
    is_running: false,
    took: tookMs,
    is_partial: isPartial,
    completion_time_in_millis: startMs + tookMs,
    ...NO_WORK,
    ...times,
    columns: COLUMNS,
    values: rowsOf(user, isPartial ? `${text} so far` : text),
  }
  const unkept = isSubmit ? 'nowhere' : 'header'
  return { status: 200, body, id: keeps ? 'everywhere' : unkept, isRunning: '?0' }
}

function notFound(query: ModelQuery | undefined): Reply {
  // The caller puts in the id, which is known there.
  return { query, expected: failure(404, 'resource_not_found_exception', 'ID') }
}

function failure(status: number, type: string, reason: string): Expected {
  const error = { type, reason }
  return { status, body: { error: { root_cause: [error], ...error }, status }, id: 'nowhere' }
}
