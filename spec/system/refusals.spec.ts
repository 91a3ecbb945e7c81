import { QueryError } from 'express-esql-async-query'
import { describeError } from '../../lib/core/describe-error'
import { errorJson } from '../support/engine'
import { type Gateway, type Request, startGateway } from '../support/gateway'

const UNKNOWN = 'FkpMRkJGS1gzVDRlM3g4ZzMyRGlLbkEaTXlJZHdNT09TU2VTZVBoNDM3cFZMUToxMDM='
const colonExpected = `Unexpected character ('"' (code 34)): was expecting a colon to separate field name and value`
const IAE = 'illegal_argument_exception'
const PARSE = 'x_content_parse_exception'

const typed = (type: string): Request => ({ headers: { 'content-type': type }, body: '{}' })
const json = (body: string): Request => ({ headers: { 'content-type': 'application/json' }, body })

interface Cause {
  type: string
  reason: string
  caused_by?: Cause
}

/** An error with a cause that is not a parse failure, so that it is its own root. */
function causedJson(status: number, type: string, reason: string, causedBy: Cause): string {
  const error = { type, reason }
  return JSON.stringify({ error: { root_cause: [error], ...error, caused_by: causedBy }, status })
}

describe('a refused request', () => {
  let gateway: Gateway

  beforeAll(async () => {
    gateway = await startGateway({ maxBodyBytes: 1_000 })
  })
  afterAll(() => gateway.close())

  const timeValue = (name: string, value: string) =>
    `failed to parse setting [${name}] with value [${value}] as a time value`

  it.each<[string, string, Request, number, string, string]>([
    // Ids
    ['an id that is none', 'GET /_query/async/foo', {}, 400, IAE, 'invalid id: [foo]'],
    ['an empty id', 'POST /_query/async//stop', {}, 400, IAE, 'invalid id: []'],
    [
      'a truncated id',
      `DELETE /_query/async/${UNKNOWN.slice(0, 40)}`,
      {},
      400,
      IAE,
      `invalid id: [${UNKNOWN.slice(0, 40)}]`,
    ],
    ['an id with broken escapes', 'GET /_query/async/%zz', {}, 400, IAE, 'invalid id: [%zz]'],
    ['an id without a task', 'GET /_query/async/AWEBYg==', {}, 400, IAE, 'malformed task id b'],
    ['an unknown id', `GET /_query/async/${UNKNOWN}`, {}, 404, 'resource_not_found_exception', UNKNOWN],
    [
      'an unknown id, escaped',
      `GET /_query/async/${UNKNOWN.replace('=', '%3D')}`,
      {},
      404,
      'resource_not_found_exception',
      UNKNOWN,
    ],
    // URL parameters
    [
      'an unknown parameter',
      'GET /_query/async/foo?fromat=csv',
      {},
      400,
      IAE,
      'request [/_query/async/foo] contains unrecognized parameter: [fromat] -> did you mean [format]?',
    ],
    [
      'several unknown parameters',
      'GET /_query/async/foo?zzz=1&drop_null_column&header=absent',
      {},
      400,
      IAE,
      'request [/_query/async/foo] contains unrecognized parameters: [drop_null_column] -> did you mean [drop_null_columns]?, [header], [zzz]',
    ],
    [
      'a body field in the URL',
      'POST /_query/async?keep_alive=1d',
      json('{"query":"ROW n = 1"}'),
      400,
      IAE,
      'request [/_query/async] contains unrecognized parameter: [keep_alive]',
    ],
    [
      'a field of submit on GET',
      'GET /_query/async/foo?keep_on_completion=true',
      {},
      400,
      IAE,
      'request [/_query/async/foo] contains unrecognized parameter: [keep_on_completion]',
    ],
    [
      'a time value without unit',
      'GET /_query/async/foo?keep_alive=5',
      {},
      400,
      IAE,
      `${timeValue('keep_alive', '5')}: unit is missing or unrecognized`,
    ],
    [
      'an empty time value',
      'GET /_query/async/foo?wait_for_completion_timeout=',
      {},
      400,
      IAE,
      `${timeValue('wait_for_completion_timeout', '')}: unit is missing or unrecognized`,
    ],
    [
      'months for minutes',
      'GET /_query/async/foo?keep_alive=5M',
      {},
      400,
      IAE,
      `${timeValue('keep_alive', '5M')}: unit is missing or unrecognized`,
    ],
    [
      'a negative time value',
      'GET /_query/async/foo?keep_alive=-2s',
      {},
      400,
      IAE,
      `${timeValue('keep_alive', '-2s')}: negative durations are not supported`,
    ],
    [
      'a bad boolean',
      'GET /_query/async/foo?pretty=yes',
      {},
      400,
      IAE,
      'Failed to parse value [yes] as only [true] or [false] are allowed.',
    ],
    [
      'a bad drop_null_columns',
      'GET /_query/async/foo?drop_null_columns=TRUE',
      {},
      400,
      IAE,
      'Failed to parse value [TRUE] as only [true] or [false] are allowed.',
    ],
    [
      'a bad allow_partial_results',
      'POST /_query/async?allow_partial_results=1',
      json('{"query":"ROW n = 1"}'),
      400,
      IAE,
      'Failed to parse value [1] as only [true] or [false] are allowed.',
    ],
    [
      'a delimiter without CSV',
      'GET /_query/async/foo?delimiter=%3B',
      {},
      400,
      IAE,
      'parameter: [delimiter] can only be used with the format [csv] for request [/_query/async/foo]',
    ],
    [
      'an unknown format at submit',
      'POST /_query/async?format=xyz',
      json('{"query":"ROW n = 1"}'),
      400,
      IAE,
      'Invalid request content type: Accept=[null], Content-Type=[application/json], format=[xyz]',
    ],
    [
      'columnar as text',
      'POST /_query/async?format=csv',
      json('{"query":"ROW n = 1","columnar":true}'),
      400,
      IAE,
      'Invalid use of [columnar] argument: cannot be used in combination with [txt, csv, tsv, md] formats',
    ],
    // Bodies
    [
      'no body',
      'POST /_query/async',
      {},
      400,
      'parse_exception',
      'request body or source parameter is required',
    ],
    [
      'a source without its type',
      'POST /_query/async?source=%7B%7D',
      {},
      400,
      'validation_exception',
      'Validation Failed: 1: source and source_content_type parameters are required;',
    ],
    [
      'no query',
      'POST /_query/async',
      json('{}'),
      400,
      'action_request_validation_exception',
      'Validation Failed: 1: [query] is required;',
    ],
    [
      'a blank query',
      'POST /_query/async',
      json('{"query":"  "}'),
      400,
      'action_request_validation_exception',
      'Validation Failed: 1: [query] is required;',
    ],
    [
      'a pragma',
      'POST /_query/async',
      json('{"pragma":{},"tables":{}}'),
      400,
      'action_request_validation_exception',
      'Validation Failed: 1: [query] is required; 2: [pragma] only allowed in snapshot builds; 3: [tables] only allowed in snapshot builds;',
    ],
    [
      'an array',
      'POST /_query/async',
      json('[]'),
      400,
      PARSE,
      '[1:1] [esql/async_query] Expected START_OBJECT but was: START_ARRAY',
    ],
    [
      'only white space',
      'POST /_query/async',
      json(' '),
      400,
      PARSE,
      '[1:1] [esql/async_query] Expected START_OBJECT but was: null',
    ],
    [
      'an unknown field',
      'POST /_query/async',
      json('{"query":"x",\n "keep_alife":"1d"}'),
      400,
      PARSE,
      '[2:2] [esql/async_query] unknown field [keep_alife] did you mean [keep_alive]?',
    ],
    [
      'a field of the wrong type',
      'POST /_query/async',
      json('{"query":1}'),
      400,
      PARSE,
      "[1:10] [esql/async_query] query doesn't support values of type: VALUE_NUMBER",
    ],
    [
      'both metadata flags',
      'POST /_query/async',
      json('{"query":"x","include_ccs_metadata":true,"include_execution_metadata":true}'),
      400,
      'verification_exception',
      'Both [include_execution_metadata] and [include_ccs_metadata] query parameters are set. Use only one',
    ],
    [
      'both metadata flags, even if both are off',
      'POST /_query/async',
      json('{"query":"x","include_ccs_metadata":false,"include_execution_metadata":false}'),
      400,
      'verification_exception',
      'Both [include_execution_metadata] and [include_ccs_metadata] query parameters are set. Use only one',
    ],
    [
      'a setting with two values',
      'POST /_query/async',
      json('{"query":"x","project_routing":"a","settings":{"project_routing":"b"}}'),
      400,
      IAE,
      'Setting [project_routing] has conflicting values at the top level of the request body and under ' +
        '[settings]; specify it in only one place, or with the same value in both.',
    ],
    [
      'a setting with a wrong value',
      'POST /_query/async',
      json('{"query":"x","settings":{"approximation":{"rows":9999}}}'),
      400,
      'verification_exception',
      'Error validating setting [approximation]: Approximation configuration [rows] must be at least 10000',
    ],
    [
      'a body on GET',
      'GET /_query/async/foo?pretty=false',
      json('{}'),
      400,
      IAE,
      'request [GET /_query/async/foo?pretty=false] does not support having a body',
    ],
    [
      'a body on stop',
      'POST /_query/async/foo/stop',
      json('{}'),
      400,
      IAE,
      'request [POST /_query/async/foo/stop] does not support having a body',
    ],
    [
      'a body that is too large',
      'POST /_query/async',
      json(`{"query":"${'x'.repeat(1_000)}"}`),
      413,
      'too_long_http_content_exception',
      'content length exceeded 1000 bytes.',
    ],
    [
      'a target that is too long',
      `GET /_query/async/foo?filter_path=${'x'.repeat(4_096)}`,
      {},
      400,
      'too_long_http_line_exception',
      'An HTTP line is larger than 4096 bytes.',
    ],
    // Queries that cannot be run
    [
      'a query that fails',
      'POST /_query/async',
      json('{"query":"FAIL"}'),
      400,
      'verification_exception',
      'Found 1 problem\nline 1:6: Unknown index [nope]',
    ],
  ])('with %s gets %s → the error of Elasticsearch', async (_name, target, request, status, type, reason) => {
    const answer = await gateway.alice(target, request)
    expect({ status: answer.status, text: answer.text }).toEqual({
      status,
      text: errorJson(status, type, reason),
    })
    expect(answer.headers['content-type']).toBe('application/json')
  })

  it.each<[string, string, Request, string, string, Cause]>([
    [
      'a broken escape',
      'GET /_query/async/foo?a=%',
      {},
      'bad_parameter_exception',
      'java.lang.IllegalArgumentException: unterminated escape sequence at end of string: %',
      { type: IAE, reason: 'unterminated escape sequence at end of string: %' },
    ],
    [
      'a fraction of time',
      'GET /_query/async/foo?keep_alive=1.5s',
      {},
      IAE,
      'failed to parse [1.5s], fractional time values are not supported',
      { type: 'number_format_exception', reason: 'For input string: "1.5"' },
    ],
    [
      'time that is no number',
      'GET /_query/async/foo?keep_alive=xs',
      {},
      IAE,
      'failed to parse [xs]',
      { type: 'number_format_exception', reason: 'For input string: "x"' },
    ],
    [
      'a bad keep_alive in the body',
      'POST /_query/async',
      json('{"query":"FROM","keep_alive":"5x"}'),
      PARSE,
      '[1:30] [esql/async_query] failed to parse field [keep_alive]',
      { type: IAE, reason: `${timeValue('keep_alive', '5x')}: unit is missing or unrecognized` },
    ],
    [
      'a number without unit in the body',
      'POST /_query/async',
      json('{"wait_for_completion_timeout":5000}'),
      PARSE,
      '[1:32] [esql/async_query] failed to parse field [wait_for_completion_timeout]',
      {
        type: IAE,
        reason: `${timeValue('wait_for_completion_timeout', '5000')}: unit is missing or unrecognized`,
      },
    ],
    [
      'a null time',
      'POST /_query/async',
      json('{"keep_alive":null}'),
      PARSE,
      '[1:15] [esql/async_query] failed to parse field [keep_alive]',
      { type: 'illegal_state_exception', reason: "Can't get text on a VALUE_NULL at 1:15" },
    ],
    [
      'a bad boolean in the body',
      'POST /_query/async',
      json('{"columnar":"yes"}'),
      PARSE,
      '[1:13] [esql/async_query] failed to parse field [columnar]',
      { type: IAE, reason: 'Failed to parse value [yes] as only [true] or [false] are allowed.' },
    ],
    [
      'an unknown zone',
      'POST /_query/async',
      json('{"time_zone":"Mars/Base"}'),
      PARSE,
      '[1:14] [esql/async_query] failed to parse field [time_zone]',
      { type: 'zone_rules_exception', reason: 'Unknown time-zone ID: Mars/Base' },
    ],
    [
      'params that are no array',
      'POST /_query/async',
      json('{"params":"x"}'),
      PARSE,
      '[1:11] [esql/async_query] failed to parse field [params]',
      {
        type: IAE,
        reason:
          "Unexpected token [VALUE_STRING] at 1:11, expected START_ARRAY. Please check documentation for the correct format of the 'params' field.",
      },
    ],
    [
      'malformed JSON',
      'POST /_query/async',
      json('{"query" "x"}'),
      PARSE,
      `[1:10] ${colonExpected}`,
      { type: 'json_parse_exception', reason: colonExpected },
    ],
    [
      'truncated JSON',
      'POST /_query/async',
      json('{"query":'),
      'x_content_e_o_f_exception',
      '[1:10] Unexpected end-of-input',
      { type: 'json_e_o_f_exception', reason: 'Unexpected end-of-input' },
    ],
    [
      'a duplicate field',
      'POST /_query/async',
      json('{"query":"a","query":"b"}'),
      PARSE,
      "[1:14] Duplicate field 'query'",
      { type: 'json_parse_exception', reason: "Duplicate field 'query'" },
    ],
    [
      'a malformed Accept',
      'GET /_query/async/foo',
      { headers: { accept: 'nonsense' } },
      'media_type_header_exception',
      'Invalid media-type value on headers [Accept]',
      { type: IAE, reason: 'invalid media-type [nonsense]' },
    ],
  ])('with %s names the cause', async (_name, target, request, type, reason, causedBy) => {
    const answer = await gateway.alice(target, request)
    expect({ status: answer.status, text: answer.text }).toEqual({
      status: 400,
      text: causedJson(400, type, reason, causedBy),
    })
  })

  const nameRule =
    'a valid parameter name starts with a letter or underscore, and contains letters, digits and underscores only'
  it.each([
    ['[{"1a":2}]', '[1:20]', `[1:12] [1a] is not a valid parameter name, ${nameRule}`],
    [
      '[1,{"1a":2}]',
      '[1:22]',
      `[1:14] [1a] is not a valid parameter name, ${nameRule}; ` +
        'Params cannot contain both named and unnamed parameters; got [{1a:2}] and [{1}]',
    ],
    [
      '[{"a":1,"b":2}]',
      '[1:25]',
      '[1:12] Cannot parse more than one key:value pair as parameter, found [{a:1}, {b:2}]',
    ],
    [
      '[{"a":{"pattern":"x"}}]',
      '[1:33]',
      '[1:12] [x] is not a valid value for PATTERN parameter, a valid value for PATTERN parameter is a string and contains *',
    ],
  ])(
    'with faults in params names the innermost parse failure as the root: %s',
    async (params, end, faults) => {
      const { text } = await gateway.alice('POST /_query/async', json(`{"params":${params}}`))
      const inner = { type: PARSE, reason: `Failed to parse params: ${faults}` }
      expect(JSON.parse(text)).toEqual({
        error: {
          root_cause: [inner],
          type: PARSE,
          reason: `${end} [esql/async_query] failed to parse field [params]`,
          caused_by: inner,
        },
        status: 400,
      })
    },
  )

  const notSupported = (type: string): string =>
    `{"error":"Content-Type header [${type}] is not supported","status":406}`
  const wrongMethod = (method: string, uri: string, allowed: string): string =>
    `{"error":"Incorrect HTTP method for uri [${uri}] and method [${method}], allowed: [${allowed}]","status":405}`

  it.each<[string, string, Request, number, string, string | undefined]>([
    ['text', 'POST /_query/async', typed('text/plain'), 406, notSupported('text/plain'), undefined],
    [
      'a form',
      'POST /_query/async',
      typed('multipart/form-data'),
      406,
      notSupported('multipart/form-data'),
      undefined,
    ],
    ['text on GET', 'GET /_query/async/foo', typed('text/plain'), 406, notSupported('text/plain'), undefined],
    [
      'PUT on an id',
      'PUT /_query/async/foo?x=1',
      {},
      405,
      wrongMethod('PUT', '/_query/async/foo?x=1', 'GET, DELETE'),
      'GET,DELETE',
    ],
    ['GET on submit', 'GET /_query/async', {}, 405, wrongMethod('GET', '/_query/async', 'POST'), 'POST'],
    [
      'POST on an id',
      'POST /_query/async/stop',
      {},
      405,
      wrongMethod('POST', '/_query/async/stop', 'GET, DELETE'),
      'GET,DELETE',
    ],
    [
      'GET on stop',
      'GET /_query/async/foo/stop',
      {},
      405,
      wrongMethod('GET', '/_query/async/foo/stop', 'POST'),
      'POST',
    ],
  ])('with %s gets an error in plain text', async (_name, target, request, status, text, allow) => {
    const answer = await gateway.alice(target, request)
    expect([answer.status, answer.text, answer.headers.allow]).toEqual([status, text, allow])
  })

  it('with an empty Content-Type gets an error that names it', async () => {
    const answer = await gateway.alice('POST /_query/async', {
      headers: { 'content-type': '' },
      body: Buffer.from('{}'),
    })
    expect(answer.text).toBe(
      causedJson(400, 'media_type_header_exception', 'Invalid media-type value on headers [Content-Type]', {
        type: IAE,
        reason: 'Header [Content-Type] cannot be empty.',
      }),
    )
  })

  it('gets a trace with error_trace that shows nothing of the gateway', async () => {
    const { text } = await gateway.alice('GET /_query/async/foo?error_trace&keep_alive=xs')
    const causedBy = {
      type: 'number_format_exception',
      reason: 'For input string: "x"',
      stack_trace: 'NumberFormatException: For input string: "x"',
    }
    const error = {
      type: IAE,
      reason: 'failed to parse [xs]',
      stack_trace: `IllegalArgumentException: failed to parse [xs]\nCaused by: ${causedBy.stack_trace}`,
    }
    const { type, reason, stack_trace } = error
    expect(text).toBe(
      JSON.stringify({
        error: { root_cause: [error], type, reason, caused_by: causedBy, stack_trace },
        status: 400,
      }),
    )
  })

  it.each([
    [
      'pretty',
      'application/json',
      (text: string) => text.startsWith('{\n  "error" : {\n    "root_cause" : [\n'),
    ],
    ['format=yaml', 'application/yaml', (text: string) => text.startsWith('---\nerror:\n  root_cause:\n')],
    ['format=csv', 'application/json', (text: string) => text.startsWith('{"error":{"root_cause":')],
    ['filter_path=nothing', 'application/json', (text: string) => text.startsWith('{"error":{"root_cause":')],
    ['accept: application/yaml', 'application/yaml', (text: string) => text.startsWith('---\nerror:')],
    ['accept: text/csv', 'application/json', (text: string) => text.startsWith('{"error":{"root_cause":')],
    ['content-type: application/yaml', 'application/yaml', (text: string) => text.startsWith('---\nerror:')],
    [
      'accept: application/vnd.elasticsearch+json;compatible-with=9',
      'application/vnd.elasticsearch+json;compatible-with=9',
      (text: string) => text.startsWith('{"error":{"root_cause":'),
    ],
  ])('gets an error in the format that %s asks for', async (asked, contentType, fits) => {
    const [name = '', value] = asked.split(': ')
    const { headers, text } = value
      ? await gateway.alice('GET /_query/async/foo', { headers: { [name]: value } })
      : await gateway.alice(`GET /_query/async/foo?${asked}`)
    expect({ contentType: headers['content-type'], fits: fits(text) }).toEqual({ contentType, fits: true })
  })
})

describe('an outage', () => {
  it('of the store is a 503 that clients may repeat, and is logged with its cause', async () => {
    const logged: object[] = []
    const cause = new Error('connect ECONNREFUSED postgres:5432')
    const gateway = await startGateway({
      store: { get: () => Promise.reject(cause) },
      logger: { debug() {}, info() {}, warn() {}, error: (details) => logged.push(details) },
    })
    const { status, text } = await gateway.alice('GET /_query/async/foo')
    expect({ status, text }).toEqual({
      status: 503,
      text: errorJson(
        503,
        'no_shard_available_action_exception',
        'the async query store is not available, try again later',
      ),
    })
    expect(logged).toEqual([
      expect.objectContaining({
        err: describeError(cause),
        type: 'no_shard_available_action_exception',
        status: 503,
      }),
    ])
    await gateway.close()
  })

  it('of the function that resolves callers is a 503', async () => {
    const gateway = await startGateway({ resolveCaller: () => Promise.reject(new Error('ldap is down')) })
    const { status, text } = await gateway.alice('GET /_query/async/foo')
    expect({ status, text }).toEqual({
      status: 503,
      text: errorJson(
        503,
        'no_shard_available_action_exception',
        'callers cannot be identified at the moment, try again later',
      ),
    })
    await gateway.close()
  })

  it.each([
    [
      'a store that answers nonsense',
      { store: { get: () => Promise.resolve({ isRunning: false } as never) } },
    ],
    ['a resolver that gives no owner', { resolveCaller: () => ({ owner: '' }) }],
  ])('that is a bug, such as %s, is a 500 that hides the cause', async (_name, options) => {
    const gateway = await startGateway(options)
    const { status, text } = await gateway.alice('GET /_query/async/foo')
    expect({ status, text }).toEqual({ status: 500, text: errorJson(500, 'exception', 'internal error') })
    await gateway.close()
  })

  it('for which the store throws a QueryError is passed on', async () => {
    const gateway = await startGateway({
      store: { get: () => Promise.reject(new QueryError('es_rejected_execution_exception', 'busy')) },
    })
    const { status, text } = await gateway.alice('GET /_query/async/foo')
    expect({ status, text }).toEqual({
      status: 429,
      text: errorJson(429, 'es_rejected_execution_exception', 'busy'),
    })
    await gateway.close()
  })
})
