import { sameValue } from '../answer'
import type { Check } from '../check'
import { GETS } from './life-gets'
import { INTERRUPTIONS } from './life-interruptions'
import { KEEP_ALIVES } from './life-keep-alive'
import { assertRunning, assertTable, waitOf } from './shared'

const submits: readonly Check[] = [
  {
    name: 'life.submit.completes',
    level: 'must',
    says: 'a submit of a short query answers with its result, and with no id',
    source: { page: 'submit', line: 'keep_on_completion' },
    async ask(session) {
      const answer = await session.submit({ wait_for_completion_timeout: waitOf(session.target.patienceMs) })
      answer.hasStatus(200).hasField('is_running', false).lacksField('id')
      answer.lacksHeader('X-Elasticsearch-Async-Id')
      assertTable(answer)
    },
  },
  {
    name: 'life.submit.keeps',
    level: 'must',
    says: 'with keep_on_completion, a short query has an id',
    source: { page: 'submit', line: 'keep_on_completion' },
    async ask(session) {
      const { answer } = await session.kept()
      answer.must(typeof answer.json.id === 'string', '`id` is no text')
    },
  },
  {
    name: 'life.submit.runs',
    level: 'must',
    says: 'a submit that does not wait answers with an id, is_running: true and no rows',
    source: { page: 'submit', line: 'wait_for_completion_timeout' },
    needs: ['runs'],
    async ask(session) {
      const answer = (await session.startRunning()).hasStatus(200)
      assertRunning(answer)
      answer.must(typeof answer.json.id === 'string', '`id` is no text')
    },
  },
  {
    name: 'life.submit.waits',
    level: 'must',
    says: 'a submit whose wait is over answers with the id of the query that still runs',
    source: { page: 'submit', line: 'wait_for_completion_timeout' },
    needs: ['runs'],
    async ask(session) {
      assertRunning(await session.startRunning({ wait_for_completion_timeout: '50ms' }))
    },
  },
  {
    name: 'life.submit.fails',
    level: 'must',
    says: 'a query that fails answers with the envelope of its error, and the status in it',
    source: { page: 'server', line: 'RestEsqlAsyncQueryAction' },
    needs: ['fails'],
    async ask(session) {
      const { fails: query } = session.target.queries
      const wait = waitOf(session.target.patienceMs)
      const answer = await session.submit({ query, wait_for_completion_timeout: wait })
      answer.must(answer.status >= 400, `the status is ${answer.status}`)
      answer.hasField('status', answer.status)
      answer.must(typeof answer.error.type === 'string', 'the error has no type')
    },
  },
  {
    name: 'life.failure.stays',
    level: 'must',
    says: 'a query that fails after its submit answers each get with its error',
    source: { page: 'server', line: 'StoredAsyncResponse' },
    needs: ['fails'],
    async ask(session) {
      const { fails: query } = session.target.queries
      const fields = { query, wait_for_completion_timeout: '0s', keep_on_completion: true }
      const submitted = await session.submit(fields)
      const { id } = submitted
      // It has failed in time, so nobody knows its id.
      if (id === undefined) return submitted.must(submitted.status >= 400, 'a running query has no id')
      const wait = `wait_for_completion_timeout=${waitOf(session.target.patienceMs)}`
      const first = await session.get(id, wait)
      first.must(first.status >= 400, `the status is ${first.status}`)
      first.hasField('status', first.status)
      const second = await session.get(id, wait)
      second.must(sameValue(second.json, first.json), 'the second get has another error than the first')
    },
  },
  {
    name: 'life.query.answers',
    level: 'should',
    says: 'the synchronous query answers with the result, without id and is_running',
    source: { page: 'query', line: 'Responses' },
    async ask(session) {
      const body = { query: session.target.queries.completes }
      const answer = await session.ask('POST /_query', { body })
      answer.hasStatus(200).lacksField('id').lacksField('is_running')
      assertTable(answer)
    },
  },
]

export const LIFE: readonly Check[] = [...submits, ...GETS, ...INTERRUPTIONS, ...KEEP_ALIVES]
