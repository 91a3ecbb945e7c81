import { exchange } from './exchange.mjs'
import { Tokens } from './tokens.mjs'
import { foreignMark, judgeOwnAnswer } from './verdict.mjs'

/** Sends what one owner asks, and reports what is wrong with the answers. */
export class Asking {
  #owner
  #tokens
  #report

  constructor({ owner, random, signing, report }) {
    this.#owner = owner
    this.#tokens = new Tokens(signing, owner, random)
    this.#report = report
  }

  get token() {
    return this.#tokens.current
  }

  count(what, times) {
    this.#report.count(what, times)
  }

  /** Sends a request. Resolves with the answer, or with `undefined` if it is not whole. */
  async ask(target, question, request) {
    this.count('requests')
    return this.check(target, question, request, await exchange(target, { token: this.token, ...request }))
  }

  /** Checks what holds for every answer. Returns the answer if it is whole. */
  check(target, question, request, answer) {
    const { ending } = answer
    const mark = foreignMark(answer.headers ? answer : { ...answer, headers: {} }, question.query)
    if (mark !== undefined)
      this.fail(`it shows what belongs to somebody else: ${mark}`, question, answer, request)
    if (ending === 'left') this.count(request.leaveAfterBytes ? 'left in the body' : 'left in a wait')
    if (ending === 'broken' && !target.wasUpSince(question.sent)) this.count('broken by a kill')
    else if (ending === 'broken' && !target.hadDatabaseSince(question.sent))
      this.count('broken while the database was away')
    else if (ending === 'broken') this.fail('the connection broke', question, answer, request)
    return ending === 'answered' ? { ...answer, request } : undefined
  }

  /** Reports what is wrong with an answer about a query of this owner. */
  judge(question, answer) {
    const fault = judgeOwnAnswer(answer, question, (what, times) => this.count(what, times))
    if (fault) this.fail(fault, question, answer)
  }

  fail(what, { query, target, sent, waitMs }, answer, request = answer.request) {
    const { ending, status, headers, error, body } = answer
    const tookMs = Math.round(performance.now() - sent.atMs)
    const text = body.toString('latin1')
    this.#report.fail(what, {
      owner: this.#owner,
      target: { name: target.name, sent, now: target.moment() },
      request: { ...request, token: undefined },
      waitMs,
      tookMs,
      answer: {
        ending,
        error,
        status,
        headers,
        bytes: body.length,
        begins: text.slice(0, 500),
        ends: text.slice(-200),
      },
      query,
    })
  }
}

export function pathOf(id, parameters = {}, suffix = '') {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined)
  const query = new URLSearchParams(given).toString()
  return `/_query/async/${encodeURIComponent(id)}${suffix}${query === '' ? '' : `?${query}`}`
}
