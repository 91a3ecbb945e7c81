import { setTimeout as pause } from 'node:timers/promises'
import { pathOf } from './asking.mjs'
import { Pipeline } from './pipeline.mjs'
import { LONGEST_KEEP_ALIVE_MS, MANY_ROWS, MOST_STALL_MS } from './settings.mjs'
import { ownQuestion } from './verdict.mjs'

/** The answers to so many gets are more than the system takes for a client that reads nothing. */
const GETS = 12

/** So long after the first bytes every get has found the result, on a busy machine too. */
const BEGUN_MS = 1_000
/** The gateway looks four times in `MOST_STALL_MS`, so it may be a quarter late. A busy machine makes it later. */
const ENDED_MS = 4 * MOST_STALL_MS

/** Gets a large result, and reads only its beginning until the gateway has ended the connection. */
export class StalledReader {
  #asking
  #random
  #submitter

  constructor(asking, random, submitter) {
    this.#asking = asking
    this.#random = random
    this.#submitter = submitter
  }

  async stall(target) {
    const about = { rows: MANY_ROWS, runMs: 0, outcome: 'completes', keepAliveMs: LONGEST_KEEP_ALIVE_MS }
    const query = this.#submitter.newQuery(target, about)
    if (!(await this.#submitter.submit(query, { waitMs: 10_000 }))) return
    const format = this.#random.pick(['json', 'csv', 'cbor'])
    const request = { method: 'GET', path: pathOf(query.id, { format }) }
    const paths = Array.from({ length: GETS }, () => request.path)
    const question = ownQuestion(query, target, { format })
    const pipeline = new Pipeline(target, paths, this.#asking.token)
    await pipeline.stall()
    this.#asking.count('requests', GETS)
    await pause(BEGUN_MS)
    // Nobody finds the result any more, but the gateway still holds it for this reader.
    if (this.#random.chance(0.5)) await this.#delete(query, target)
    await pause(ENDED_MS - BEGUN_MS)
    pipeline.resume()
    const answers = await Promise.all(pipeline.answers)
    for (const given of answers.filter(({ ending }) => ending === 'answered')) {
      const answer = this.#asking.check(target, question, request, given)
      this.#asking.judge(question, answer)
    }
    if (!target.wasUpSince(question.sent)) return this.#asking.count('broken by a kill')
    if (!target.hadDatabaseSince(question.sent)) return
    const last = answers.at(-1)
    // A gateway that is busier than that finds the result when it is deleted.
    if (last.status === 404 && query.isDeleting) return
    if (last.ending === 'broken') this.#asking.count('stalled readers that were disconnected')
    else this.#asking.fail('a client that reads nothing is not disconnected', question, last, request)
  }

  async #delete(query, target) {
    const question = ownQuestion(query, target)
    query.delete()
    const answer = await this.#asking.ask(target, question, { method: 'DELETE', path: pathOf(query.id) })
    if (answer && answer.status !== 200) this.#asking.judge(question, answer)
  }
}
