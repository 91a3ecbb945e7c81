import { decode } from './decode.mjs'
import { failureOf } from './engine.mjs'
import { marksIn } from './marks.mjs'

/** A wait may end so much before its time, because timers count whole milliseconds. */
const EARLY_MS = 20

/** What an owner asks about its own query, with what is known at that moment. */
export function ownQuestion(query, target, { waitMs, format, isHead } = {}) {
  const sent = target.moment()
  const { hasEnded: hadEnded } = query
  return { query, target, sent, waitMs, format, isHead, hadEnded, mustBeGone: query.mustBeGone(target, sent) }
}

/** A mark in an answer that belongs to somebody else. The answer need not be whole. */
export function foreignMark(answer, { mark: own }) {
  return marksIn(textOf(answer)).find((mark) => mark !== own)
}

/** What is wrong with an answer about the client's own query, or `undefined`. */
export function judgeOwnAnswer(answer, question, count) {
  if (isOutage(answer, question)) {
    count('answered 503 while the database was away')
    return undefined
  }
  if (answer.status === 404) return judgeGone(answer, question, count)
  if (question.mustBeGone) return 'it tells about a query that is gone'
  if (answer.status === 200) return judgeResult(answer, question, count)
  if (answer.status === 400) return judgeFailure(answer, question, count)
  if (answer.status === 500) return judgeLost(answer, question, count)
  return 'its status'
}

/** Whether an answer says that the database is away, which it was. */
export function isOutage({ status, body, request }, { target, sent }) {
  if (status !== 503 || target.hadDatabaseSince(sent)) return false
  return request.method === 'HEAD' || body.includes('no_shard_available_action_exception')
}

/** Its process was killed, so it fails for everybody who asks. */
function judgeLost({ request, body }, { query }, count) {
  if (!query.mayBeLost()) return 'its status'
  const isSaid = request.method === 'HEAD' || body.includes('node_disconnected_exception')
  if (!isSaid) return 'its failure'
  if (query.hasEnded && !query.isLost) return 'a query that had ended is lost'
  query.hasEnded = true
  query.isLost = true
  count('failed, because a kill has taken its process')
  return undefined
}

function judgeGone(answer, { query, target, sent }, count) {
  if (!query.mayBeGone(target, sent)) return 'a query that must be there is not found'
  const isForgotten = target.forgets && sent.generation > query.generation
  count(
    isForgotten
      ? 'not found, because a kill has taken it'
      : 'not found, because it has expired or was deleted',
  )
  return judgeNotFound(answer, query.id)
}

/** What makes a 404 different from that of an unknown id, or `undefined`. */
export function judgeNotFound({ request, headers, body }, id) {
  if (request.method === 'HEAD') return body.length > 0 ? 'a HEAD with a body' : undefined
  const reason = { type: 'resource_not_found_exception', reason: id }
  const expected = JSON.stringify({ error: { root_cause: [reason], ...reason }, status: 404 })
  if (!headers['content-type']?.includes('json')) return undefined
  return body.toString() === expected ? undefined : 'its 404 is not that of an unknown id'
}

function judgeResult(answer, question, count) {
  const { query, format, isHead } = question
  const isRunning = answer.headers['x-elasticsearch-async-is-running'] === '?1'
  const shownId = answer.headers['x-elasticsearch-async-id']
  if (shownId !== undefined && shownId !== query.id) return 'its id'
  if (isHead) return answer.body.length > 0 ? 'a HEAD with a body' : undefined
  const { target, sent } = question
  if (target === query.target && sent.generation > query.generation) count('read by an id from before a kill')
  const said = decode(format, answer.body)
  if (said.id !== undefined && said.id !== query.id) return 'the id in its body'
  if (said.isRunning !== undefined && said.isRunning !== isRunning)
    return 'its header and its body do not agree on whether the query runs'
  return isRunning ? judgeRunning(answer, question) : judgeComplete(answer, question, said, count)
}

function judgeRunning(answer, { query, sent, waitMs, hadEnded }) {
  if (hadEnded) return 'a query that had ended runs again'
  if (marksIn(textOf(answer)).length > 0) return 'a running query shows rows'
  const tookMs = performance.now() - sent.atMs
  const isCutShort = waitMs !== undefined && tookMs < waitMs - EARLY_MS
  return isCutShort && !query.mayHaveEndedEarly()
    ? `the wait of ${waitMs} ms has ended before its time`
    : undefined
}

function judgeComplete(answer, { query, format }, { rows, isPartial }, count) {
  if (query.isLost) return 'a query that was lost has a result'
  if (query.outcome === 'fails' && !query.isStopped) return 'a query that fails has a result'
  if (query.outcome === 'holds' && !query.isStopped) return 'a query that goes on has a result'
  query.hasEnded = true
  if (rows === undefined) {
    count(`marks found in ${format}`, marksIn(textOf(answer)).length)
    const isEmpty = query.rows > 0 && marksIn(textOf(answer)).length === 0
    return isEmpty && !query.mayHaveNoRows() ? 'its rows are missing' : undefined
  }
  count(`rows checked in ${format}`, rows.length)
  if (!rows.every(([mark, n], at) => mark === query.mark && n === at)) return 'its rows'
  // Text formats do not tell whether it is all of the result.
  const mayBe = isPartial === undefined ? [true, false] : [isPartial]
  return mayBe.some((isShort) => query.mayHaveRows(rows.length, isShort))
    ? undefined
    : `its ${rows.length} rows`
}

function judgeFailure(answer, { query }, count) {
  if (answer.body.length === 0)
    return query.outcome === 'fails' || query.mayHaveEndedEarly() ? undefined : 'its status'
  const text = answer.body.toString()
  if (text.includes('task_cancelled_exception')) {
    count('waits that a delete or an expiry has ended')
    return query.mayHaveEndedEarly() ? undefined : 'a query that nobody has deleted is cancelled'
  }
  if (query.outcome !== 'fails' || !text.includes(failureOf(query.mark))) return 'its failure'
  query.hasEnded = true
  return undefined
}

/** How the answer about a foreign query differs from that about an unknown one, or `undefined`. */
export function judgeStrangers([foreign, foreignId], [unknown, unknownId]) {
  if (foreign.status !== 404) return `a stranger is answered ${foreign.status}`
  if (marksIn(textOf(foreign)).length > 0) return 'a stranger sees a mark'
  if (unknown.status !== 404) return `an unknown id is answered ${unknown.status}`
  const [told, expected] = [comparable(foreign, foreignId), comparable(unknown, unknownId)]
  return told === expected ? undefined : `a stranger sees a difference from an unknown id: ${expected}`
}

function comparable({ status, headers, body }, id) {
  const { date, ...others } = headers
  const text = JSON.stringify([status, others, body.toString('latin1')])
  return text.replaceAll(id, 'ID')
}

export function textOf({ headers, body }) {
  return `${JSON.stringify(headers)}${body.toString('latin1')}`
}
