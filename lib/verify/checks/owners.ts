import type { Answer } from '../answer'
import { Skip } from '../answer'
import type { Check } from '../check'
import type { AskOptions, Session } from '../session'

const STRANGER: AskOptions = { as: 'stranger' }

/** Headers that differ from answer to answer. */
const MOVING = ['date', 'content-length', 'etag', 'connection', 'keep-alive']

type Ask = (session: Session, id: string, options: AskOptions) => Promise<Answer>

const OPERATIONS: Readonly<Record<'get' | 'stop' | 'delete', Ask>> = {
  get: (session, id, options) => session.get(id, 'wait_for_completion_timeout=0s', options),
  stop: (session, id, options) => session.stop(id, '', options),
  delete: (session, id, options) => session.delete(id, '', options),
}

const likeUnknown = Object.entries(OPERATIONS).flatMap(([operation, ask]): Check[] => [
  {
    name: `owners.${operation}.complete`,
    level: 'must',
    says: `a stranger's ${operation} of a complete query gets the bytes that an unknown id gets`,
    source: { page: 'get', line: 'only the user who submitted the query' },
    needs: ['stranger'],
    async ask(session) {
      const gone = await session.unknownId()
      const { id } = await session.kept()
      await assertUnknown(session, { id, gone }, ask)
      const still = await session.get(id)
      still.hasStatus(200).hasField('is_running', false)
    },
  },
  {
    name: `owners.${operation}.running`,
    // Elasticsearch itself answers `<id> not found` to some of them.
    level: 'should',
    says: `a stranger's ${operation} of a running query gets the bytes that an unknown id gets, and changes nothing`,
    source: { page: 'get', line: 'only the user who submitted the query' },
    needs: ['runs', 'stranger'],
    async ask(session) {
      const gone = await session.unknownId()
      const id = await session.running()
      await assertUnknown(session, { id, gone }, ask)
      const still = await session.get(id, 'wait_for_completion_timeout=0s')
      still.hasStatus(200).hasField('is_running', true)
    },
  },
])

const others: readonly Check[] = [
  {
    name: 'owners.get.no-wait',
    level: 'must',
    says: "a stranger's get that would wait answers 404 while the query runs",
    source: { page: 'get', line: 'only the user who submitted the query' },
    needs: ['runs', 'stranger'],
    async ask(session) {
      const id = await session.running()
      const answer = await session.get(id, 'wait_for_completion_timeout=1m', STRANGER)
      answer.hasError(404, 'resource_not_found_exception')
      const still = await session.get(id, 'wait_for_completion_timeout=0s')
      still.hasField('is_running', true)
    },
  },
  {
    name: 'owners.get.no-keep-alive',
    // Elasticsearch moves it before it looks at the owner.
    level: 'should',
    says: "a stranger's get does not move the expiry",
    source: { page: 'get', line: 'only the user who submitted the query' },
    needs: ['stranger'],
    async ask(session) {
      const { id } = await session.kept()
      const strange = await session.get(id, 'keep_alive=1ms', STRANGER)
      strange.hasStatus(404)
      // What has expired is gone by the time that a whole round has been made.
      await session.unknownId()
      const answer = await session.get(id)
      answer.hasStatus(200)
    },
  },
  {
    name: 'owners.list.own',
    level: 'should',
    says: "a stranger's list does not have the query",
    source: { page: 'list', line: 'queries' },
    since: '9.1',
    needs: ['runs', 'stranger'],
    async ask(session) {
      await session.running()
      const answer = await session.ask('GET /_query/queries', STRANGER)
      if ([403, 405].includes(answer.status)) throw new Skip('a stranger may not list queries')
      answer.must(!answer.hasStatus(200).lists(session.target.queries.runs), "the list has the owner's query")
    },
  },
]

export const OWNERS: readonly Check[] = [...likeUnknown, ...others]

async function assertUnknown(
  session: Session,
  { id, gone }: { id: string; gone: string },
  ask: Ask,
): Promise<void> {
  const foreign = await ask(session, id, STRANGER)
  foreign.hasError(404, 'resource_not_found_exception')
  const unknown = await ask(session, gone, STRANGER)
  const [seen, expected] = [comparable(foreign, id), comparable(unknown, gone)]
  foreign.must(seen === expected, `the answer differs from that to an unknown id, ${expected}`)
}

/** Status, headers and bytes, with the id taken out. */
function comparable({ status, headers, text }: Answer, id: string): string {
  const kept = Object.entries(headers).filter(([name]) => !MOVING.includes(name))
  return JSON.stringify([status, kept.sort(), text]).replaceAll(id, 'ID')
}
