import { pathOf } from './asking.mjs'
import { orderOf, PROXY_ANSWERS, PROXY_WORDS } from './proxy-answers.mjs'
import { SLICE_MS } from './settings.mjs'
import { ownQuestion, textOf } from './verdict.mjs'

/** When the proxy answers in place of the cluster, and how often. */
const MOMENTS = { submit: 3, get: 3, head: 2, stop: 2, delete: 2, submitThatWaits: 2, getThatWaits: 2 }

/** The gateway needs several requests for such a wait. */
const WAIT_MS = 3 * SLICE_MS

/** Asks while a proxy answers in place of the cluster. That must not become a lie, a loss or a second query. */
export class Outage {
  #asking
  #random
  #submitter

  constructor(asking, random, submitter) {
    this.#asking = asking
    this.#random = random
    this.#submitter = submitter
  }

  /** `target` stands in front of the cluster. */
  async meet(target) {
    await this.#moments[this.#random.weighted(MOMENTS)](target)
  }

  #moments = {
    submit: (target) => this.#submit(target),
    get: (target) => this.#ask(target, 'GET'),
    head: (target) => this.#ask(target, 'HEAD'),
    stop: (target) => this.#ask(target, 'POST', '/stop'),
    delete: (target) => this.#ask(target, 'DELETE'),
    submitThatWaits: (target) => this.#submitThatWaits(target),
    getThatWaits: (target) => this.#getThatWaits(target),
  }

  /** Official clients send a submit again after 502, 503 and 504, so the answer is a 500. */
  async #submit(target) {
    const query = this.#submitter.newQuery(target)
    const { question, answer } = await this.#submitter.ask(query, this.#order())
    if (answer) this.#judgeOutage(question, answer, 500)
  }

  async #ask(target, method, suffix) {
    const query = await this.#submitter.submitRunning(target)
    if (!query) return
    const { isServed, ...order } = this.#order()
    if (isServed && method === 'DELETE') query.delete()
    if (isServed && suffix === '/stop') query.isStopped = true
    const question = ownQuestion(query, target)
    const path = pathOf(query.id, {}, suffix)
    const answer = await this.#asking.ask(target, question, { method, path, ...order })
    if (answer) this.#judgeOutage(question, answer, 503)
    await this.#find(query)
  }

  async #submitThatWaits(target) {
    const query = this.#submitter.newQuery(target, { outcome: 'holds' })
    const { question, answer } = await this.#submitter.ask(query, { waitMs: WAIT_MS, ...this.#order(1) })
    if (!answer) return
    query.accepted(answer.headers['x-elasticsearch-async-id'], question.sent.generation)
    this.#judgeRunning(question, answer)
    if (query.id !== undefined) await this.#find(query)
  }

  async #getThatWaits(target) {
    const query = await this.#submitter.submitRunning(target)
    if (!query) return
    const question = ownQuestion(query, target, { format: 'json' })
    const path = pathOf(query.id, { wait_for_completion_timeout: `${WAIT_MS}ms` })
    const answer = await this.#asking.ask(target, question, { method: 'GET', path, ...this.#order(1) })
    if (answer) this.#judgeRunning(question, answer)
    await this.#find(query)
  }

  /** The outage is over, so the gateway finds what was there before. */
  async #find(query) {
    const { target } = query
    const question = ownQuestion(query, target, { waitMs: 0, format: 'json' })
    const path = pathOf(query.id, { wait_for_completion_timeout: '0ms' })
    const answer = await this.#asking.ask(target, question, { method: 'GET', path })
    if (answer) this.#asking.judge(question, answer)
  }

  #order(spared) {
    const name = this.#random.pick(Object.keys(PROXY_ANSWERS))
    const isServed = this.#random.chance(0.5)
    return { headers: { 'x-opaque-id': orderOf({ name, spared, isServed }) }, isServed }
  }

  /** The gateway knew that the query runs before the proxy answered, so it says so. */
  #judgeRunning(question, answer) {
    const isRunning = answer.headers['x-elasticsearch-async-is-running'] === '?1'
    // The proxy ends the wait.
    if (answer.status === 200 && isRunning) this.#asking.judge({ ...question, waitMs: undefined }, answer)
    else if (!question.query.mayHaveEndedEarly()) {
      this.#asking.fail('a query that runs is no longer said to run', question, answer)
    }
  }

  #judgeOutage(question, answer, expected) {
    const fault = faultOf(answer, expected)
    if (fault) this.#asking.fail(fault, question, answer)
  }
}

function faultOf(answer, expected) {
  if (answer.status !== expected) return `what a proxy says is answered ${answer.status}, not ${expected}`
  if (textOf(answer).includes(PROXY_WORDS)) return 'it shows the words of a proxy'
  if (expected === 503 && !/^\d+$/.test(answer.headers['retry-after']))
    return 'it does not say when to try again'
  if (answer.request.method === 'HEAD') return answer.body.length > 0 ? 'a HEAD with a body' : undefined
  const { error, status } = JSON.parse(answer.body)
  const isEnvelope =
    status === expected && typeof error?.type === 'string' && typeof error.reason === 'string'
  return isEnvelope ? undefined : "it is not Elasticsearch's envelope"
}
