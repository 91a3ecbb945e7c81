import { setTimeout as pause } from 'node:timers/promises'
import { pathOf } from './asking.mjs'
import { Pipeline } from './pipeline.mjs'
import { PIPELINED } from './settings.mjs'
import { ownQuestion } from './verdict.mjs'

const WAIT_MS = 60_000
/** By then each request has ended the wait of the one before, on a very busy machine too. */
const PROMPT_MS = 45_000
/** A last get that does not wait has its answer by then. */
const QUIET_MS = 200

/** Sends gets that wait behind each other on one connection. Each ends the wait of the one before. */
export class Pipeliner {
  #asking
  #random
  #submitter

  constructor(asking, random, submitter) {
    this.#asking = asking
    this.#random = random
    this.#submitter = submitter
  }

  async pipeline(target) {
    // The deed takes less time, so that no expiry ends a wait.
    const query = await this.#submitter.submitRunning(target, { keepAliveMs: 2 * WAIT_MS })
    if (!query) return
    const parameters = { format: 'json', wait_for_completion_timeout: `${WAIT_MS}ms` }
    const request = { method: 'GET', path: pathOf(query.id, parameters) }
    const question = ownQuestion(query, target, { format: 'json' })
    const paths = Array.from({ length: PIPELINED }, () => request.path)
    const pipeline = new Pipeline(target, paths, this.#asking.token)
    this.#asking.count('requests', PIPELINED)
    for (const given of pipeline.answers.slice(0, -1)) {
      const answer = this.#asking.check(target, question, request, await given)
      if (!answer) return
      this.#asking.judge(question, answer)
      const isLate = performance.now() - question.sent.atMs > PROMPT_MS
      if (isLate) return this.#asking.fail('a wait goes on although a request is behind it', question, answer)
      this.#asking.count('waits that a request behind them has ended')
    }
    await this.#endLast({ query, target, request, question, pipeline })
    await this.#send(query, target, 'DELETE')
  }

  /** The last get waits until the query ends or the client leaves. */
  async #endLast({ query, target, request, question, pipeline }) {
    const last = pipeline.answers.at(-1)
    const early = await Promise.race([last, pause(QUIET_MS)])
    if (early?.ending === 'answered' && !query.mayBeLost() && target.hadDatabaseSince(question.sent))
      this.#asking.fail('the last get does not wait', question, early, request)
    const isLeaving = this.#random.chance(0.3)
    if (isLeaving) pipeline.leave()
    else await this.#send(query, target, 'POST', '/stop')
    const answer = this.#asking.check(target, question, request, await last)
    if (answer) this.#asking.judge(question, answer)
  }

  async #send(query, target, method, suffix) {
    const question = ownQuestion(query, target, { format: 'json' })
    if (suffix === '/stop') query.isStopped = true
    else query.delete()
    const request = { method, path: pathOf(query.id, {}, suffix) }
    const answer = await this.#asking.ask(target, question, request)
    const isDeleted = method === 'DELETE' && answer?.status === 200
    if (answer && !isDeleted) this.#asking.judge(question, answer)
  }
}
