import { sameValue } from '../answer'
import type { Check } from '../check'
import { assertRunning } from './shared'

export const GETS: readonly Check[] = [
  {
    name: 'life.get.result',
    level: 'must',
    says: 'a get answers with the result of the submit, each time',
    source: { page: 'get', line: 'Responses' },
    async ask(session) {
      const { id, columns, values } = await session.kept()
      for (const _ of [1, 2]) {
        const answer = (await session.get(id)).hasStatus(200).hasField('is_running', false)
        answer.must(sameValue(answer.json.columns, columns), '`columns` are not those of the submit')
        answer.must(sameValue(answer.json.values, values), '`values` are not those of the submit')
      }
    },
  },
  {
    name: 'life.get.at-once',
    level: 'must',
    says: 'a get with a wait of 0 answers at once while the query runs, without rows',
    source: { page: 'get', line: 'wait_for_completion_timeout' },
    needs: ['runs'],
    async ask(session) {
      assertRunning(await session.get(await session.running(), 'wait_for_completion_timeout=0'))
    },
  },
  {
    name: 'life.get.minus-one',
    level: 'must',
    says: 'a get with a wait of -1 answers at once, too',
    source: { page: 'server', line: 'GetAsyncResultRequest' },
    needs: ['runs'],
    async ask(session) {
      assertRunning(await session.get(await session.running(), 'wait_for_completion_timeout=-1'))
    },
  },
  {
    name: 'life.get.wait-ends',
    level: 'must',
    says: 'a get whose wait is over answers 200 with is_running: true',
    source: { page: 'get', line: 'wait_for_completion_timeout' },
    needs: ['runs'],
    async ask(session) {
      assertRunning(await session.get(await session.running(), 'wait_for_completion_timeout=50ms'))
    },
  },
  {
    name: 'life.get.waits',
    level: 'must',
    says: 'a get that waits answers when the query ends',
    source: { page: 'get', line: 'wait_for_completion_timeout' },
    needs: ['runs'],
    async ask(session) {
      const id = await session.running()
      const { answered } = await session.beginGet(id, 'wait_for_completion_timeout=1m')
      const stopped = await session.stop(id)
      stopped.hasStatus(200)
      const answer = await answered
      answer.hasStatus(200).hasField('is_running', false)
    },
  },
  {
    name: 'life.get.waits-by-default',
    level: 'should',
    says: 'a get without a wait waits until the query ends, as documented; the server of Elasticsearch does not',
    source: { page: 'get', line: 'wait_for_completion_timeout: default' },
    needs: ['runs'],
    async ask(session) {
      const id = await session.running()
      const { answered } = await session.beginGet(id)
      const stopped = await session.stop(id)
      stopped.hasStatus(200)
      const answer = await answered
      answer.hasStatus(200).hasField('is_running', false)
    },
  },
]
