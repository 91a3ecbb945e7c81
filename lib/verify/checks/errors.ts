import type { Check } from '../check'
import type { Session } from '../session'

const ILLEGAL = 'illegal_argument_exception'
const PARSE = 'x_content_parse_exception'

/** A submit whose body is this text. */
const submitText = (session: Session, body: string, parameters = '') =>
  session.ask(`POST /_query/async${parameters}`, { headers: { 'content-type': 'application/json' }, body })

const queries: readonly Check[] = [
  {
    name: 'errors.id.unknown',
    level: 'must',
    says: 'an id that no query has gets 404, and the reason is the id',
    source: { page: 'get', line: 'Responses' },
    async ask(session) {
      const id = await session.unknownId()
      const answer = await session.get(id)
      answer.hasError(404, 'resource_not_found_exception', id)
    },
  },
  {
    name: 'errors.id.malformed',
    level: 'must',
    says: 'an id that is none gets 400',
    source: { page: 'server', line: 'AsyncExecutionId' },
    async ask(session) {
      const answer = await session.get('no*id')
      answer.hasError(400, ILLEGAL, 'invalid id: [no*id]')
    },
  },
  {
    name: 'errors.envelope.whole',
    level: 'must',
    says: 'an error has root_cause, type, reason and the status, in JSON',
    source: { page: 'conventions', line: 'error responses' },
    async ask(session) {
      const answer = await session.get('no*id')
      answer.hasHeader('Content-Type', 'application/json').hasField('status', answer.status)
      const { root_cause: causes, type, reason } = answer.error
      answer.must(Array.isArray(causes) && causes.length > 0, '`root_cause` is no list')
      answer.must(typeof type === 'string' && typeof reason === 'string', 'type or reason is no text')
    },
  },
  {
    name: 'errors.format.json',
    level: 'must',
    says: 'the error of a request for CSV is in JSON',
    source: { page: 'server', line: 'RestResponse' },
    async ask(session) {
      const answer = await session.get('no*id', 'format=csv')
      answer.hasStatus(400).hasHeader('Content-Type', 'application/json')
    },
  },
  {
    name: 'errors.trace.shows',
    level: 'should',
    says: 'error_trace adds a stack_trace',
    source: { page: 'options', line: 'error_trace' },
    async ask(session) {
      const answer = await session.get('no*id', 'error_trace=true')
      answer.must(typeof answer.error.stack_trace === 'string', '`stack_trace` is no text')
    },
  },
]

const bodies: readonly Check[] = [
  {
    name: 'errors.body.missing',
    level: 'must',
    says: 'a submit without a body gets 400',
    source: { page: 'server', line: 'RestRequest' },
    async ask(session) {
      const answer = await session.ask('POST /_query/async')
      answer.hasError(400, 'parse_exception', 'request body or source parameter is required')
    },
  },
  {
    name: 'errors.body.no-query',
    level: 'must',
    says: 'a submit without a query, and one whose query is blank, get 400',
    source: { page: 'submit', line: 'query' },
    async ask(session) {
      for (const body of ['{}', '{"query":" "}']) {
        const answer = await submitText(session, body)
        answer.hasError(400, 'action_request_validation_exception', /\[query\] is required/)
      }
    },
  },
  {
    name: 'errors.body.malformed',
    level: 'must',
    says: 'a body that is no JSON gets 400 with the place',
    source: { page: 'server', line: 'JsonXContentParser' },
    async ask(session) {
      const answer = await submitText(session, '{"query":x}')
      answer.hasError(400, PARSE, /^\[1:\d+\]/)
    },
  },
  {
    name: 'errors.body.truncated',
    level: 'must',
    says: 'a body that ends too early gets 400',
    source: { page: 'server', line: 'JsonXContentParser' },
    async ask(session) {
      const answer = await submitText(session, '{"query":"ROW x = 1"')
      answer.hasError(400, 'x_content_e_o_f_exception')
    },
  },
  {
    name: 'errors.body.twice',
    level: 'must',
    says: 'a body with two fields of one name gets 400',
    source: { page: 'server', line: 'JsonXContentImpl' },
    async ask(session) {
      const answer = await submitText(session, '{"query":"ROW x = 1","query":"ROW x = 2"}')
      answer.hasError(400, PARSE, /Duplicate field/i)
    },
  },
  {
    name: 'errors.body.wrong-type',
    level: 'must',
    says: 'a field of the wrong type gets 400 with its name',
    source: { page: 'server', line: 'ObjectParser' },
    async ask(session) {
      const answer = await submitText(session, '{"query":5}')
      const reason = /^\[\d+:\d+\] \[esql\/async_query\] query doesn't support values of type: VALUE_NUMBER$/
      answer.hasError(400, PARSE, reason)
    },
  },
  {
    name: 'errors.body.unknown-field',
    level: 'must',
    says: 'an unknown field gets 400, with the place and the field that it may be',
    source: { page: 'server', line: 'SuggestingErrorOnUnknown' },
    async ask(session) {
      const answer = await submitText(session, '{"query":"ROW x = 1","keep_alve":"1m"}')
      const reason =
        /^\[\d+:\d+\] \[esql\/async_query\] unknown field \[keep_alve\] did you mean \[keep_alive\]\?$/
      answer.hasError(400, PARSE, reason)
    },
  },
  {
    name: 'errors.body.bad-time',
    level: 'must',
    says: 'a keep_alive without a unit gets 400, and the cause says why',
    source: { page: 'server', line: 'TimeValue' },
    async ask(session) {
      const answer = await submitText(session, '{"query":"ROW x = 1","keep_alive":"5x"}')
      answer.hasError(400, PARSE, /\[esql\/async_query\] failed to parse field \[keep_alive\]$/)
      const cause = 'failed to parse setting [keep_alive] with value [5x] as a time value'
      answer.must(answer.text.includes(cause), 'no cause says what is wrong with the value')
    },
  },
  {
    name: 'errors.body.bad-params',
    level: 'must',
    says: 'params that are named and unnamed get 400',
    source: { page: 'submit', line: 'params' },
    async ask(session) {
      const answer = await submitText(session, '{"query":"ROW x = ?","params":[1,{"a":2}]}')
      answer.hasError(400, PARSE)
      const reason = 'Params cannot contain both named and unnamed parameters'
      answer.must(answer.text.includes(reason), 'no cause says what is wrong with the params')
    },
  },
  {
    name: 'errors.body.on-get',
    level: 'must',
    says: 'a get with a body gets 400',
    source: { page: 'server', line: 'BaseRestHandler' },
    async ask(session) {
      const { id } = await session.kept()
      const answer = await session.get(id, '', { body: {} })
      answer.hasError(400, ILLEGAL, /^request \[GET .*\] does not support having a body$/)
    },
  },
]

const parameters: readonly Check[] = [
  {
    name: 'errors.parameter.unknown',
    level: 'must',
    says: 'an unknown parameter gets 400, with the one that it may be',
    source: { page: 'server', line: 'BaseRestHandler' },
    async ask(session) {
      const { id } = await session.kept()
      const answer = await session.get(id, 'prety=true')
      answer.hasError(
        400,
        ILLEGAL,
        /contains unrecognized parameter: \[prety\] -> did you mean \[pretty\]\?$/,
      )
    },
  },
  {
    name: 'errors.parameter.of-body',
    level: 'must',
    says: 'a submit with keep_alive in its URL gets 400',
    source: { page: 'submit', line: 'keep_alive' },
    async ask(session) {
      const answer = await session.submit({}, 'keep_alive=1d')
      answer.hasError(400, ILLEGAL, /contains unrecognized parameter: \[keep_alive\]/)
    },
  },
  {
    name: 'errors.parameter.of-stop',
    level: 'must',
    says: 'a stop with keep_alive gets 400',
    source: { page: 'stop', line: 'Query parameters' },
    async ask(session) {
      const { id } = await session.kept()
      const answer = await session.stop(id, 'keep_alive=1d')
      answer.hasError(400, ILLEGAL, /contains unrecognized parameter: \[keep_alive\]/)
    },
  },
  {
    name: 'errors.parameter.bad-wait',
    level: 'must',
    says: 'a wait without a unit gets 400',
    source: { page: 'server', line: 'TimeValue' },
    async ask(session) {
      const { id } = await session.kept()
      const answer = await session.get(id, 'wait_for_completion_timeout=5x')
      const reason =
        'failed to parse setting [wait_for_completion_timeout] with value [5x] as a time value: ' +
        'unit is missing or unrecognized'
      answer.hasError(400, ILLEGAL, reason)
    },
  },
  {
    name: 'errors.parameter.bad-boolean',
    level: 'must',
    says: 'a boolean parameter that is neither true nor false gets 400',
    source: { page: 'options', line: 'boolean values' },
    async ask(session) {
      const { id } = await session.kept()
      const answer = await session.get(id, 'pretty=maybe')
      answer.hasError(400, ILLEGAL, 'Failed to parse value [maybe] as only [true] or [false] are allowed.')
    },
  },
  {
    name: 'errors.parameter.delimiter',
    level: 'must',
    says: 'delimiter with another format than CSV gets 400',
    source: { page: 'get', line: 'delimiter' },
    async ask(session) {
      const { id } = await session.kept()
      const answer = await session.get(id, 'delimiter=%3B')
      answer.hasError(400, ILLEGAL, /^parameter: \[delimiter\] can only be used with the format \[csv\]/)
    },
  },
  {
    name: 'errors.format.unknown',
    level: 'must',
    says: 'a submit in a format that does not exist gets 400',
    source: { page: 'server', line: 'EsqlMediaTypeParser' },
    async ask(session) {
      const answer = await session.submit({}, 'format=xyz')
      answer.hasError(400, ILLEGAL, /^Invalid request content type: .*format=\[?xyz\]?/)
    },
  },
  {
    name: 'errors.accept.malformed',
    level: 'must',
    says: 'an Accept that is no media type gets 400',
    source: { page: 'server', line: 'RestRequest: media types' },
    async ask(session) {
      const { id } = await session.kept()
      const answer = await session.get(id, '', { headers: { accept: 'nonsense' } })
      const reason = 'Invalid media-type value on headers [Accept]'
      answer.hasError(400, 'media_type_header_exception', reason)
    },
  },
]

export const ERRORS: readonly Check[] = [...queries, ...bodies, ...parameters]
