import { queryText } from './engine.mjs'
import { KnownQuery } from './known-query.mjs'
import { markOf } from './marks.mjs'
import { FEW_ROWS, LONGEST_KEEP_ALIVE_MS, MANY_ROWS, SHORTEST_KEEP_ALIVE_MS } from './settings.mjs'
import { ownQuestion } from './verdict.mjs'

/** How queries end, and how often. A query that holds runs until a stop, a delete or its expiry. */
const OUTCOMES = { completes: 12, fails: 2, holds: 3 }

const HOLD_MS = 3_600_000

/** Submits the queries of one owner. */
export class Submitter {
  #owner
  #asking
  #random
  #submitted = 0

  constructor(owner, asking, random) {
    this.#owner = owner
    this.#asking = asking
    this.#random = random
  }

  /** A query to submit. Chance decides what is not given. */
  newQuery(target, given = {}) {
    const random = this.#random
    const { outcome = random.weighted(OUTCOMES) } = given
    const runMs =
      outcome === 'holds' ? HOLD_MS : random.pick([0, 0, random.integer(1, 200), random.integer(200, 5_000)])
    return new KnownQuery({
      target,
      owner: this.#owner,
      mark: markOf(this.#owner, this.#submitted++),
      rows: random.chance(0.02) ? MANY_ROWS : random.integer(0, FEW_ROWS),
      runMs,
      outcome,
      keepAliveMs: this.keepAlive(),
      ...given,
    })
  }

  /** Submits a query that holds. Resolves with the query if clients can ask for it. */
  async submitRunning(target, given = {}) {
    const query = this.newQuery(target, { outcome: 'holds', ...given })
    return (await this.submit(query)) ? query : undefined
  }

  keepAlive() {
    return this.#random.integer(SHORTEST_KEEP_ALIVE_MS, LONGEST_KEEP_ALIVE_MS)
  }

  /** Submits a query and checks the answer. Resolves with whether clients can ask for the query. */
  async submit(query, { waitMs = 0, keeps = true, ...request } = {}) {
    const { question, answer } = await this.ask(query, { waitMs, keeps, ...request })
    if (!answer) return false
    if (answer.status === 404) return this.#fault('a submit is answered 404', question, answer)
    const isRunning = answer.headers['x-elasticsearch-async-is-running'] === '?1'
    const id = answer.headers['x-elasticsearch-async-id']
    if (answer.status === 200 && (id !== undefined) !== (isRunning || keeps)) {
      const what = 'an id where there should be none, or none where there should be one'
      return this.#fault(what, question, answer)
    }
    query.accepted(id, question.sent.generation)
    this.#asking.judge(question, answer)
    // Nobody can tell whether the process before the kill or the one after it has taken such a submit.
    return id !== undefined && question.sent.isUp
  }

  /** Sends a submit and checks nothing. Resolves with the answer, if there is one. */
  async ask(query, { waitMs = 0, keeps = true, headers, ...request } = {}) {
    const question = ownQuestion(query, query.target, { waitMs, format: 'json' })
    const answer = await this.#asking.ask(query.target, question, {
      method: 'POST',
      path: '/_query/async',
      // It tells the proxy when a submit comes twice.
      headers: { 'x-opaque-id': crypto.randomUUID(), ...headers },
      body: JSON.stringify({
        query: queryText(query),
        keep_on_completion: keeps,
        keep_alive: `${query.keepAliveMs}ms`,
        wait_for_completion_timeout: `${waitMs}ms`,
      }),
      ...request,
    })
    return { question, answer }
  }

  #fault(what, question, answer) {
    this.#asking.fail(what, question, answer)
    return false
  }
}
