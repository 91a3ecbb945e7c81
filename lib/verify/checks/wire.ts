import type { Check } from '../check'
import { pathOf } from '../session'

const PRODUCT = 'Elasticsearch'

const headers: readonly Check[] = [
  {
    name: 'wire.product.answers',
    level: 'must',
    says: 'submit, get and delete have the product header that official clients look for',
    source: { page: 'client', line: 'Transport: product check' },
    async ask(session) {
      const { id, answer } = await session.kept()
      answer.hasHeader('X-elastic-product', PRODUCT)
      for (const next of [await session.get(id), await session.delete(id)]) {
        next.hasHeader('X-elastic-product', PRODUCT)
      }
    },
  },
  {
    name: 'wire.product.errors',
    level: 'must',
    says: 'a 400 has the product header too',
    source: { page: 'server', line: 'RestResponse' },
    async ask(session) {
      const answer = await session.get('*', 'wait_for_completion_timeout=0s')
      answer.hasStatus(400).hasHeader('X-elastic-product', PRODUCT)
    },
  },
  {
    name: 'wire.opaque-id.echo',
    level: 'must',
    says: 'the answer repeats the X-Opaque-Id of its request',
    source: { page: 'conventions', line: 'X-Opaque-Id' },
    async ask(session) {
      const headers = { 'x-opaque-id': 'verify-1' }
      const { id } = await session.kept()
      for (const answer of [
        await session.get(id, '', { headers }),
        await session.delete(id, '', { headers }),
      ]) {
        answer.hasHeader('X-Opaque-Id', 'verify-1')
      }
    },
  },
  {
    name: 'wire.took-nanos.results',
    level: 'must',
    says: 'a result has the header Took-nanos, in digits',
    source: { page: 'server', line: 'EsqlResponseListener' },
    async ask(session) {
      const { id, answer } = await session.kept()
      for (const each of [answer, await session.get(id)]) each.hasHeader('Took-nanos', /^\d+$/)
    },
  },
  {
    name: 'wire.async-id.kept',
    level: 'must',
    says: 'the header X-Elasticsearch-Async-Id is the id of the body, on submit and get',
    source: { page: 'submit', line: 'X-Elasticsearch-Async-Id' },
    async ask(session) {
      const { answer } = await session.kept()
      const id = String(answer.json.id)
      for (const each of [answer, await session.get(id)]) {
        each.hasField('id', id).hasHeader('X-Elasticsearch-Async-Id', id)
      }
    },
  },
  {
    name: 'wire.is-running.complete',
    level: 'must',
    says: 'the header X-Elasticsearch-Async-Is-Running is ?0 when the query is complete',
    source: { page: 'submit', line: 'X-Elasticsearch-Async-Is-Running' },
    async ask(session) {
      const { id, answer } = await session.kept()
      for (const each of [answer, await session.get(id)]) {
        each.hasHeader('X-Elasticsearch-Async-Is-Running', '?0')
      }
    },
  },
  {
    name: 'wire.is-running.running',
    level: 'must',
    says: 'the header X-Elasticsearch-Async-Is-Running is ?1 while the query runs',
    source: { page: 'submit', line: 'X-Elasticsearch-Async-Is-Running' },
    needs: ['runs'],
    async ask(session) {
      const submitted = await session.startRunning()
      const got = await session.get(String(submitted.id), 'wait_for_completion_timeout=0s')
      for (const each of [submitted, got]) each.hasHeader('X-Elasticsearch-Async-Is-Running', '?1')
    },
  },
]

const mediaTypes: readonly Check[] = [
  {
    name: 'wire.media-type.json',
    level: 'must',
    says: 'without a wish for a format, results are application/json',
    source: { page: 'rest', line: 'Response formats' },
    async ask(session) {
      const { id, answer } = await session.kept()
      for (const each of [answer, await session.get(id)]) each.hasHeader('Content-Type', 'application/json')
    },
  },
  {
    name: 'wire.media-type.vendor',
    level: 'must',
    says: 'a client that accepts a vendor media type gets it, with its version',
    source: { page: 'conventions', line: 'compatible-with' },
    async ask(session) {
      const version = session.target.isAtLeast('9.0') ? 9 : 8
      const accept = `application/vnd.elasticsearch+json; compatible-with=${version}`
      const { id } = await session.kept()
      const answer = await session.get(id, '', { headers: { accept } })
      const expected = `application/vnd.elasticsearch+json;compatible-with=${version}`
      answer.hasStatus(200).hasHeader('Content-Type', expected)
    },
  },
  {
    name: 'wire.media-type.list',
    level: 'must',
    says: 'a get with a list of media types, as official clients send it, answers',
    source: { page: 'client', line: 'esql.asyncQueryGet: Accept' },
    async ask(session) {
      const version = session.target.isAtLeast('9.0') ? 9 : 8
      const vendor = `application/vnd.elasticsearch+json; compatible-with=${version}`
      const { id } = await session.kept()
      const headers = { accept: `${vendor},text/plain`, 'content-type': vendor }
      const answer = await session.get(id, '', { headers })
      answer.hasStatus(200).hasHeader('Content-Type', /^application\/vnd\.elasticsearch\+json/)
    },
  },
  {
    name: 'wire.media-type.unknown',
    level: 'should',
    says: 'a get that accepts only what does not exist is answered in JSON, not refused',
    source: { page: 'server', line: 'EsqlMediaTypeParser' },
    async ask(session) {
      const { id } = await session.kept()
      const answer = await session.get(id, '', { headers: { accept: 'text/x-unknown' } })
      answer.hasStatus(200).hasHeader('Content-Type', /^application\/json/)
    },
  },
  {
    name: 'wire.406.unsupported',
    level: 'must',
    says: 'a submit whose body is text/plain gets 406',
    source: { page: 'server', line: 'RestController: Content-Type' },
    async ask(session) {
      const headers = { 'content-type': 'text/plain' }
      const answer = await session.ask('POST /_query/async', { headers, body: '{"query":"ROW x = 1"}' })
      answer.hasStatus(406).hasField('error', 'Content-Type header [text/plain] is not supported')
    },
  },
  {
    name: 'wire.406.missing',
    level: 'must',
    says: 'a submit whose body has no Content-Type gets 406',
    source: { page: 'server', line: 'RestController: Content-Type' },
    async ask(session) {
      const answer = await session.ask('POST /_query/async', { body: '{"query":"ROW x = 1"}' })
      answer.hasStatus(406).hasField('error', 'Content-Type header is missing')
    },
  },
]

const routing: readonly Check[] = [
  {
    name: 'wire.405.submit',
    level: 'must',
    says: 'PUT on the path of submit gets 405, and Allow has POST',
    source: { page: 'server', line: 'RestController: 405' },
    async ask(session) {
      const answer = await session.ask('PUT /_query/async')
      answer.hasStatus(405).hasField('status', 405).hasHeader('Allow', 'POST')
    },
  },
  {
    name: 'wire.405.get',
    level: 'must',
    says: 'PUT on the path of a query gets 405, and Allow has GET and DELETE',
    source: { page: 'server', line: 'RestController: 405' },
    async ask(session) {
      const { id } = await session.kept()
      const answer = await session.ask(`PUT ${pathOf(id)}`)
      answer.hasStatus(405).hasHeader('Allow', /\bGET\b.*\bDELETE\b/)
    },
  },
  {
    name: 'wire.id.encoded',
    level: 'must',
    says: 'a get takes an id as it is, and percent-encoded in part',
    source: { page: 'client', line: 'esql.asyncQueryGet: path' },
    async ask(session) {
      const { id } = await session.kept()
      const first = `%${id.charCodeAt(0).toString(16).toUpperCase()}`
      for (const path of [id, encodeURIComponent(id), first + id.slice(1)]) {
        const answer = await session.ask(`GET /_query/async/${path}`)
        answer.hasStatus(200)
      }
    },
  },
  {
    name: 'wire.pretty.indents',
    level: 'must',
    says: 'pretty indents JSON and ends it with a line break',
    source: { page: 'options', line: 'pretty' },
    async ask(session) {
      const { id } = await session.kept()
      const answer = await session.get(id, 'pretty')
      answer.must(/^\{\n {2}"[\s\S]*\}\n$/.test(answer.text), 'the body is not indented')
      answer.hasField('is_running', false)
    },
  },
  {
    name: 'wire.filter-path.fields',
    level: 'must',
    says: 'filter_path leaves just the named fields',
    source: { page: 'options', line: 'filter_path' },
    async ask(session) {
      const { id } = await session.kept()
      const answer = await session.get(id, 'filter_path=is_running')
      answer.must(answer.text === '{"is_running":false}', 'the body has other fields')
    },
  },
  {
    name: 'wire.401.refuses',
    level: 'must',
    says: 'a request without a token gets 401 with a challenge, and no product header',
    source: { page: 'server', line: 'RestResponse: 401' },
    needs: ['token'],
    async ask(session) {
      const answer = await session.get('*', '', { as: 'nobody' })
      answer.hasError(401, 'security_exception').hasHeader('WWW-Authenticate', /./)
      answer.lacksHeader('X-elastic-product')
    },
  },
]

export const WIRE: readonly Check[] = [...headers, ...mediaTypes, ...routing]
