import { pathOf } from './asking.mjs'
import { FORMATS } from './decode.mjs'
import { isOutage, judgeNotFound, judgeStrangers, ownQuestion } from './verdict.mjs'

/** Asks for what gateways must refuse. */
export class Stranger {
  #asking
  #random

  constructor(asking, random) {
    this.#asking = asking
    this.#random = random
  }

  /** Asks a gateway with a memory store about a query in the memory of another. */
  async askElsewhere(query, target) {
    const question = ownQuestion(query, target)
    const answer = await this.#asking.ask(target, question, { method: 'GET', path: pathOf(query.id) })
    if (!answer) return
    this.#asking.count('asked another gateway than the one that has the query')
    const fault =
      answer.status === 404 ? judgeNotFound(answer, query.id) : 'a gateway knows a query of another one'
    if (fault) this.#asking.fail(fault, question, answer)
  }

  /** Asks about a query of somebody else, and in the same way about an id that nobody has. */
  async askForForeign(query, target) {
    const format = this.#random.weighted(FORMATS)
    const wait = this.#random.pick([undefined, '0s', '10s'])
    const [method, suffix, parameters] = this.#random.pick([
      ['GET', '', { format, wait_for_completion_timeout: wait }],
      ['GET', '', { format, keep_alive: '1h' }],
      ['HEAD', '', { format }],
      ['POST', '/stop', { format }],
      ['DELETE', '', {}],
    ])
    const unknownId = unlike(query.id)
    const question = {
      query: { ...query.toJSON(), mark: undefined, foreign: query },
      target,
      sent: target.moment(),
    }
    const ask = (id) => this.#asking.ask(target, question, { method, path: pathOf(id, parameters, suffix) })
    const foreign = await ask(query.id)
    const unknown = await ask(unknownId)
    if (!foreign || !unknown) return
    if ([foreign, unknown].some((answer) => isOutage(answer, question))) return
    this.#asking.count('asked for a foreign id and for an unknown one')
    const fault = judgeStrangers([foreign, query.id], [unknown, unknownId])
    if (fault) this.#asking.fail(`${method}${suffix}: ${fault}`, question, foreign)
  }

  /** Asks about a query of its own with a request that is wrong. */
  async askWrongly(query, target) {
    const { token } = this.#asking
    const [expected, request] = this.#random.pick([
      [401, { path: pathOf(query.id), token: '' }],
      [401, { path: pathOf(query.id), token: `${token.slice(0, -8)}AAAAAAAA` }],
      [400, { path: pathOf(query.id, { unknown: '1' }) }],
      [400, { path: pathOf('none') }],
    ])
    const question = ownQuestion(query, target)
    const answer = await this.#asking.ask(target, question, { method: 'GET', ...request })
    if (answer) this.#asking.count('refused for what is wrong with the request')
    if (answer && answer.status !== expected)
      this.#asking.fail(`its status is not ${expected}`, question, answer)
  }
}

/** The same id with another character where the random part is. */
function unlike(id) {
  const at = Math.min(40, Math.floor(id.length / 4))
  return `${id.slice(0, at)}${id[at] === 'A' ? 'B' : 'A'}${id.slice(at + 1)}`
}
