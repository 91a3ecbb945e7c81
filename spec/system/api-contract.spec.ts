import { AssertionError } from 'node:assert'
import { encode as encodeCbor } from 'cbor-x'
import { stringify as toYaml } from 'yaml'
import type { Exchange } from '../support/api-contract'
import { assertDocumented } from '../support/api-contract'

const ID = 'FkpMRkJGS1gzVDRlM3g4ZzMyRGlLbkEaTXlJZHdNT09TU2VTZVBoNDM3cFZMUToxMDM='

const PRODUCT = { 'x-elastic-product': 'Elasticsearch' }
const RUNNING = { id: ID, is_running: true, documents_found: 0, values_loaded: 0, columns: [], values: [] }
const COMPLETE = {
  is_running: false,
  took: 42,
  is_partial: false,
  documents_found: 1,
  values_loaded: 2,
  columns: [{ name: 'title', type: 'keyword' }],
  values: [['Dune']],
}

/** A get of a running query that is answered as documented. */
function get({ headers, ...rest }: Partial<Exchange> = {}): Exchange {
  return {
    method: 'GET',
    path: `/_query/async/${ID}?wait_for_completion_timeout=0`,
    status: 200,
    headers: {
      ...PRODUCT,
      'content-type': 'application/json',
      'x-elasticsearch-async-id': ID,
      'x-elasticsearch-async-is-running': '?1',
      'took-nanos': '1200',
      ...headers,
    },
    body: json(RUNNING),
    ...rest,
  }
}

/** An error, on the get route by default. */
function failure(type: string, status: number, { headers, ...rest }: Partial<Exchange> = {}): Exchange {
  const error = { root_cause: [{ type, reason: 'no' }], type, reason: 'no' }
  return {
    method: 'GET',
    path: `/_query/async/${ID}`,
    status,
    headers: { ...PRODUCT, 'content-type': 'application/json', ...headers },
    body: json({ error, status }),
    ...rest,
  }
}

/** A refusal by the router, of PUT by default. */
function refusal({ headers, ...rest }: Partial<Exchange> = {}): Exchange {
  return {
    method: 'PUT',
    path: `/_query/async/${ID}`,
    status: 405,
    headers: { ...PRODUCT, 'content-type': 'application/json', allow: 'GET,DELETE', ...headers },
    body: json({ error: 'Incorrect HTTP method', status: 405 }),
    ...rest,
  }
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}

/** The faults that `assertDocumented` finds. */
function faultsOf(exchange: Exchange): string[] {
  try {
    assertDocumented(exchange)
  } catch (error) {
    if (error instanceof AssertionError) return error.message.split('\n- ').slice(1)
    throw error
  }
  return []
}

const NOTHING = Buffer.alloc(0)
const CSV = 'text/csv; charset=utf-8; header=present'
const SMILE_OF_ACKNOWLEDGED = Buffer.from('OikKBfqLYWNrbm93bGVkZ2VkI/s=', 'base64')

describe('assertDocumented', () => {
  it.each<[title: string, exchange: Exchange]>([
    ['a running query', get()],
    [
      'a complete query',
      get({ body: json(COMPLETE), headers: { 'x-elasticsearch-async-is-running': '?0' } }),
    ],
    ['indented JSON', get({ body: Buffer.from(`${JSON.stringify(RUNNING, undefined, 2)}\n`) })],
    ['a header name in capitals', get({ headers: { 'took-nanos': undefined, 'Took-nanos': '1200' } })],
    ['several values of one header', get({ headers: { warning: ['299 Elasticsearch-9 "a"', '299 b'] } })],
    ['headers of the host application', get({ headers: { 'x-powered-by': 'Express', vary: 'Origin' } })],
    ['a vendor media type', get({ headers: { 'content-type': 'application/vnd.elasticsearch+json' } })],
    [
      'parameters of the Accept header',
      get({ headers: { 'content-type': 'application/vnd.elasticsearch+json;compatible-with=9' } }),
    ],
    ['YAML', get({ body: Buffer.from(toYaml(RUNNING)), headers: { 'content-type': 'application/yaml' } })],
    ['CBOR', get({ body: encodeCbor(RUNNING), headers: { 'content-type': 'application/cbor' } })],
    ['CSV', get({ body: Buffer.from('\r\n'), headers: { 'content-type': CSV } })],
    ['an empty text table', get({ body: NOTHING, headers: { 'content-type': 'text/plain' } })],
    [
      'bytes that are no text',
      get({ body: Buffer.of(0xff), headers: { 'content-type': 'application/vnd.apache.arrow.stream' } }),
    ],
    ['a part of the document', get({ path: `/_query/async/${ID}?filter_path=id`, body: json({ id: ID }) })],
    ['a mount prefix', get({ prefix: '/es', path: `/es/_query/async/${ID}` })],
    ['a slash at the end', get({ path: `/_query/async/${ID}/` })],
    [
      'an empty id',
      failure('illegal_argument_exception', 400, { method: 'POST', path: '/_query/async//stop' }),
    ],
    [
      'an acknowledged delete in SMILE',
      {
        method: 'DELETE',
        path: `/_query/async/${ID}`,
        status: 200,
        headers: { ...PRODUCT, 'content-type': 'application/smile' },
        body: SMILE_OF_ACKNOWLEDGED,
      },
    ],
    [
      'HEAD with the expiry and no body',
      get({
        method: 'HEAD',
        body: NOTHING,
        headers: { 'content-type': CSV, 'x-elasticsearch-async-expiration-time-in-millis': '1774432000000' },
      }),
    ],
    ['an unknown id', failure('resource_not_found_exception', 404)],
    [
      'an unknown id for HEAD',
      failure('resource_not_found_exception', 404, { method: 'HEAD', body: NOTHING }),
    ],
    ['an error of the engine', failure('quota_exceeded_exception', 402)],
    ['a method that the path does not have', refusal()],
    ['an operation that the store does not offer', refusal({ method: 'DELETE' })],
    [
      'OPTIONS',
      refusal({ method: 'OPTIONS', status: 200, body: NOTHING, headers: { 'content-type': 'text/plain' } }),
    ],
  ])('accepts %s', (_, exchange) => {
    expect(faultsOf(exchange)).toEqual([])
  })

  it.each<[title: string, exchange: Exchange, faults: string[]]>([
    ['another path', get({ path: '/_query/sync' }), ['the path is not documented']],
    [
      'a path beside the prefix',
      get({ prefix: '/es', path: `/_query/async/${ID}` }),
      ['the path is not documented'],
    ],
    ['another status', get({ status: 202 }), ['the status is not documented']],
    [
      'a status that only other operations have',
      failure('verification_exception', 404, { method: 'POST', path: '/_query/async' }),
      ['the status of verification_exception is 400'],
    ],
    [
      'an undocumented status of a method without operation',
      refusal({ status: 406 }),
      ['the status is not documented'],
    ],
    [
      'a required header that is missing',
      get({ headers: { 'took-nanos': undefined } }),
      ['the header Took-nanos is missing'],
    ],
    [
      'a header with a wrong value',
      get({ headers: { 'x-elasticsearch-async-is-running': 'true' } }),
      ['the header X-Elasticsearch-Async-Is-Running must be equal to one of the allowed values: ?0, ?1'],
    ],
    [
      'a number with a fraction in a header',
      get({ headers: { 'took-nanos': 1.5 } }),
      ['the header Took-nanos must match pattern "^(0|[1-9][0-9]*)$"'],
    ],
    [
      'headers that belong to other answers',
      failure('resource_not_found_exception', 404, { headers: { 'took-nanos': '1', etag: 'W/"1"' } }),
      [
        'the header took-nanos is not documented for this answer',
        'the header etag is not documented for this answer',
      ],
    ],
    [
      'the product header on a 401',
      failure('security_exception', 401, { headers: { 'www-authenticate': 'Bearer realm="security"' } }),
      ['the header x-elastic-product is not documented for this answer'],
    ],
    [
      'the expiry header on a get',
      get({ headers: { 'x-elasticsearch-async-expiration-time-in-millis': '1' } }),
      ['the header x-elasticsearch-async-expiration-time-in-millis is not documented for this answer'],
    ],
    [
      'no Content-Type',
      get({ headers: { 'content-type': undefined } }),
      ['the header Content-Type is missing'],
    ],
    [
      'another media type',
      get({ headers: { 'content-type': 'text/html' } }),
      ['the Content-Type text/html is not documented for this answer'],
    ],
    [
      'a charset that Express adds',
      get({ headers: { 'content-type': 'application/json; charset=utf-8' } }),
      ['the Content-Type application/json; charset=utf-8 is not documented for this answer'],
    ],
    [
      'CSV without its parameters',
      get({ headers: { 'content-type': 'text/csv' } }),
      ['the Content-Type text/csv is not documented for this answer'],
    ],
    [
      'a text format on an error',
      failure('resource_not_found_exception', 404, { headers: { 'content-type': CSV } }),
      [`the Content-Type ${CSV} is not documented for this answer`],
    ],
    [
      'HEAD with a media type that the get does not have',
      get({ method: 'HEAD', body: NOTHING, headers: { 'content-type': 'text/html' } }),
      ['the Content-Type text/html is not documented for this answer'],
    ],
    ['HEAD with a body', get({ method: 'HEAD' }), ['the answer to a HEAD request has a body']],
    [
      'a body that is not what it says',
      get({ body: Buffer.from('{') }),
      [expect.stringMatching(/^the body is not what its Content-Type says: ./)],
    ],
    [
      'text that is not UTF-8',
      get({ body: Buffer.of(0xff), headers: { 'content-type': CSV } }),
      [expect.stringMatching(/^the body is not what its Content-Type says: ./)],
    ],
    [
      'a field that should not be there',
      get({
        method: 'POST',
        path: `/_query/async/${ID}/stop`,
        body: json({ ...COMPLETE, rows: 1 }),
        headers: { 'x-elasticsearch-async-is-running': '?0' },
      }),
      ['body must NOT have additional properties: rows'],
    ],
    [
      'a field that should not be there in a column, or a type that this server does not have',
      get({
        body: json({ ...COMPLETE, columns: [{ name: 'title', type: 'keywrod', metadata: {} }] }),
        headers: { 'x-elasticsearch-async-is-running': '?0' },
      }),
      [
        'body/columns/0 must NOT have additional properties: metadata',
        expect.stringContaining('body/columns/0/type must be equal to one of the allowed values'),
      ],
    ],
    [
      'a stopped query that is running',
      get({ method: 'POST', path: `/_query/async/${ID}/stop` }),
      [
        'the header X-Elasticsearch-Async-Is-Running must be equal to one of the allowed values: ?0',
        'body/is_running must be equal to one of the allowed values: false',
      ],
    ],
    [
      'rows of a running query',
      get({ body: json({ ...RUNNING, values: [['Dune']] }) }),
      ['body/values must NOT have more than 0 items'],
    ],
    [
      'a field that should not be there in a part of the document',
      get({ path: `/_query/async/${ID}?filter_path=id`, body: json({ id: ID, rows: 1 }) }),
      ['body must NOT have additional properties: rows'],
    ],
    [
      'a missing field where nothing was filtered',
      get({ body: json({ ...RUNNING, columns: undefined }) }),
      ["body must have required property 'columns'"],
    ],
    [
      'an error that tells another status',
      failure('illegal_argument_exception', 400, { body: failure('illegal_argument_exception', 500).body }),
      ['body/status is 500'],
    ],
    [
      'an error type with the status of another',
      failure('illegal_argument_exception', 404),
      ['the status of illegal_argument_exception is 400'],
    ],
    [
      'an error type that is not documented where no query can fail',
      failure('quota_exceeded_exception', 400, { method: 'DELETE' }),
      ['the error type quota_exceeded_exception is not documented'],
    ],
    [
      'an error without its envelope',
      failure('illegal_argument_exception', 400, { body: json({ message: 'no' }) }),
      [
        "body must have required property 'error'",
        "body must have required property 'status'",
        'body must NOT have additional properties: message',
      ],
    ],
    [
      'an envelope where the error is a sentence',
      refusal({ body: failure('illegal_argument_exception', 405).body }),
      ['body/error must be string', 'the status of illegal_argument_exception is 400'],
    ],
  ])('refuses %s', (_, exchange, faults) => {
    expect(faultsOf(exchange)).toEqual(faults)
  })

  it('names the request and the answer in its message', () => {
    const exchange = get({ status: 204 })

    expect(() => assertDocumented(exchange)).toThrow(
      `GET /_query/async/${ID}?wait_for_completion_timeout=0 answered 204 No Content, not as api-spec.yaml says:\n` +
        '- the status is not documented',
    )
  })
})
