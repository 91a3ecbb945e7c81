import type { Answer } from '../answer'
import type { Check } from '../check'

/** Short, so that nobody waits, and long enough for the submit to answer. */
const SHORT = '100ms'

export const KEEP_ALIVES: readonly Check[] = [
  {
    name: 'life.keep-alive.result',
    level: 'must',
    says: 'a result is gone after the keep_alive of its submit',
    source: { page: 'submit', line: 'keep_alive' },
    async ask(session) {
      const { id } = await session.kept({ keep_alive: SHORT })
      const answer = await session.untilGone(id)
      answer.hasError(404, 'resource_not_found_exception')
    },
  },
  {
    name: 'life.keep-alive.running',
    level: 'must',
    says: 'a running query is gone after its keep_alive',
    source: { page: 'submit', line: 'keep_alive' },
    needs: ['runs'],
    async ask(session) {
      const id = await session.running({ keep_alive: SHORT })
      const answer = await session.untilGone(id)
      answer.hasError(404, 'resource_not_found_exception')
    },
  },
  {
    name: 'life.keep-alive.get-shortens',
    level: 'must',
    says: 'a get with keep_alive can shorten the life of a query',
    source: { page: 'get', line: 'keep_alive' },
    async ask(session) {
      const { id } = await session.kept()
      await session.get(id, 'keep_alive=1ms')
      const answer = await session.untilGone(id)
      answer.hasError(404, 'resource_not_found_exception')
    },
  },
  {
    name: 'life.keep-alive.get-extends',
    level: 'must',
    says: 'a get with keep_alive moves the expiry to then plus that time',
    source: { page: 'get', line: 'keep_alive' },
    since: '9.3',
    async ask(session) {
      const { id, answer } = await session.kept()
      await session.get(id, 'keep_alive=2d')
      const later = (await session.get(id)).hasStatus(200)
      const isLater = expiryOf(later) > expiryOf(answer) + 24 * 3_600_000
      later.must(isLater, 'the expiry has not moved')
    },
  },
  {
    name: 'life.keep-alive.zero-keeps',
    level: 'must',
    says: 'a get with keep_alive=0 leaves the expiry as it is',
    source: { page: 'server', line: 'GetAsyncResultRequest' },
    async ask(session) {
      const { id } = await session.kept()
      await session.get(id, 'keep_alive=0')
      const answer = await session.get(id)
      answer.hasStatus(200).hasField('is_running', false)
    },
  },
  {
    name: 'life.keep-alive.shows',
    level: 'should',
    says: 'the body shows when the query began and when it expires',
    source: { page: 'server', line: 'EsqlQueryResponse' },
    since: '9.3',
    async ask(session) {
      const { answer } = await session.kept({ keep_alive: '1h' })
      const { start_time_in_millis: start } = answer.json
      answer.must(typeof start === 'number', '`start_time_in_millis` is no number')
      const keptMs = expiryOf(answer) - Number(start)
      const isHour = keptMs >= 3_600_000 && keptMs < 2 * 3_600_000
      answer.must(isHour, `the query is kept for ${keptMs} ms in place of an hour`)
    },
  },
]

function expiryOf(answer: Answer): number {
  const { expiration_time_in_millis: expiry } = answer.json
  answer.must(typeof expiry === 'number', '`expiration_time_in_millis` is no number')
  return Number(expiry)
}
