import { Skip, sameValue } from '../answer'
import type { Check } from '../check'

const stops: readonly Check[] = [
  {
    name: 'life.stop.ends',
    level: 'must',
    says: 'a stop ends the query and answers with the rows found so far',
    source: { page: 'stop', line: 'Responses' },
    needs: ['runs'],
    async ask(session) {
      const answer = await session.stop(await session.running())
      answer.hasStatus(200).hasField('is_running', false)
      answer.must(Array.isArray(answer.json.values), '`values` is no array')
    },
  },
  {
    name: 'life.stop.partial',
    level: 'should',
    says: 'the result of a query that was stopped says is_partial: true',
    source: { page: 'stop', line: 'is_partial' },
    needs: ['runs'],
    async ask(session) {
      const answer = await session.stop(await session.running())
      answer.hasStatus(200).hasField('is_partial', true)
    },
  },
  {
    name: 'life.stop.stays',
    level: 'must',
    says: 'the result of a query that was stopped stays, for gets and for a second stop',
    source: { page: 'stop', line: 'Responses' },
    needs: ['runs'],
    async ask(session) {
      const id = await session.running()
      const stopped = (await session.stop(id)).hasStatus(200)
      for (const answer of [await session.get(id), await session.stop(id)]) {
        answer.hasStatus(200).hasField('is_running', false)
        const isSame = sameValue(answer.json.values, stopped.json.values)
        answer.must(isSame, '`values` are not those of the stop')
      }
    },
  },
  {
    name: 'life.stop.complete',
    level: 'must',
    says: 'a stop of a complete query answers with its result',
    source: { page: 'stop', line: 'Responses' },
    async ask(session) {
      const { id, values } = await session.kept()
      const answer = await session.stop(id)
      answer.hasStatus(200).hasField('is_running', false)
      answer.must(sameValue(answer.json.values, values), '`values` are not those of the submit')
    },
  },
]

const deletes: readonly Check[] = [
  {
    name: 'life.delete.forgets',
    level: 'must',
    says: 'a delete acknowledges, and gets and stops of the query then answer 404',
    source: { page: 'delete', line: 'Responses' },
    async ask(session) {
      const { id } = await session.kept()
      const deleted = await session.delete(id)
      deleted.hasStatus(200).hasField('acknowledged', true)
      for (const answer of [await session.get(id), await session.stop(id)]) {
        answer.hasError(404, 'resource_not_found_exception')
      }
    },
  },
  {
    name: 'life.delete.twice',
    level: 'must',
    says: 'a second delete answers 404',
    source: { page: 'delete', line: 'Responses' },
    async ask(session) {
      const { id } = await session.kept()
      const first = await session.delete(id)
      first.hasStatus(200)
      const second = await session.delete(id)
      second.hasError(404, 'resource_not_found_exception')
    },
  },
  {
    name: 'life.delete.running',
    level: 'must',
    says: 'a delete of a running query cancels and forgets it',
    source: { page: 'delete', line: 'a running query is cancelled' },
    needs: ['runs'],
    async ask(session) {
      const id = await session.running()
      const deleted = await session.delete(id)
      deleted.hasStatus(200).hasField('acknowledged', true)
      const answer = await session.get(id, 'wait_for_completion_timeout=0s')
      answer.hasError(404, 'resource_not_found_exception')
    },
  },
  {
    name: 'life.delete.ends-waits',
    level: 'must',
    says: 'a get that waits for a query that is deleted answers with an error, not with a result',
    source: { page: 'server', line: 'task_cancelled_exception' },
    needs: ['runs'],
    async ask(session) {
      const id = await session.running()
      const { answered } = await session.beginGet(id, 'wait_for_completion_timeout=1m')
      const deleted = await session.delete(id)
      deleted.hasStatus(200)
      const answer = await answered
      answer.hasError(400, 'task_cancelled_exception')
    },
  },
]

const lists: readonly Check[] = [
  {
    name: 'life.list.running',
    level: 'should',
    says: 'the list of running queries has the query that runs, with its text',
    source: { page: 'list', line: 'queries' },
    since: '9.1',
    needs: ['runs'],
    async ask(session) {
      await session.running()
      const answer = await session.ask('GET /_query/queries')
      if ([403, 405].includes(answer.status)) throw new Skip('this caller may not list queries')
      answer.must(answer.hasStatus(200).lists(session.target.queries.runs), 'the query is not listed')
    },
  },
]

export const INTERRUPTIONS: readonly Check[] = [...stops, ...deletes, ...lists]
