import { decode as decodeCbor } from 'cbor-x'
import type { AsyncQuery } from 'express-esql-async-query'
import { parse as parseSmile } from 'smile-js'
import { FORMATS } from '../../lib/formats/formats'
import { decodedArrow } from '../support/decoded-arrow'
import { type Answer, type Gateway, startGateway } from '../support/gateway'
import {
  asyncDocument,
  asyncText,
  type GoldenCase,
  goldenCases,
  goldenRefusals,
  queryOf,
} from '../support/golden-cases'
import { inOrder } from '../support/json-family'

function parametersOf({ request }: GoldenCase): URLSearchParams {
  const { format, delimiter, pretty, filter_path, drop_null_columns } = request
  const given = Object.entries({ format, delimiter, pretty, filter_path, drop_null_columns })
  return new URLSearchParams(
    given.flatMap(([name, value]) =>
      value === undefined || value === null ? [] : [[name, String(value)] as [string, string]],
    ),
  )
}

function headersOf({ request: { accept, contentType } }: GoldenCase): Record<string, string> {
  return { ...(accept && { accept }), ...(contentType && { 'content-type': contentType }) }
}

describe('a result', () => {
  let gateway: Gateway
  let query: AsyncQuery

  beforeAll(async () => {
    gateway = await startGateway({ store: { get: () => Promise.resolve(query) } })
  })
  afterAll(() => gateway.close())

  /** Gets the result of a golden case with the request of that case. */
  async function get(goldenCase: GoldenCase): Promise<Answer> {
    query = queryOf(goldenCase)
    return gateway.alice(`GET /_query/async/id?${parametersOf(goldenCase)}`, {
      headers: headersOf(goldenCase),
    })
  }

  it.each(goldenCases(FORMATS))('is written as Elasticsearch writes it: %s', async (_name, goldenCase) => {
    const answer = await get(goldenCase)
    const { contentType, compare, body, decoded } = goldenCase.expected
    expect([answer.status, answer.headers['content-type']]).toEqual([200, contentType])
    if (compare === 'exact') {
      expect(answer.text).toBe(goldenCase.envelope ? asyncText(goldenCase) : body)
    } else if (compare === 'arrow-decoded') {
      expect(decodedArrow(answer.body)).toEqual(decoded)
    } else {
      const decode = contentType.endsWith('cbor') ? decodeCbor : parseSmile
      const expected = asyncDocument(goldenCase, decode(Buffer.from(body, 'base64')))
      expect(inOrder(decode(answer.body))).toEqual(inOrder(expected))
    }
  })

  it.each(goldenRefusals(['csv', 'md', 'arrow']).filter(([, { request }]) => !request.columnar))(
    'that cannot be written is refused as Elasticsearch refuses it: %s',
    async (_name, goldenCase) => {
      const { status, headers, text } = await get(goldenCase)
      const { expected } = goldenCase
      expect([status, headers['content-type'], text]).toEqual([
        expected.status,
        expected.contentType,
        expected.body,
      ])
      expect(headers).not.toHaveProperty('x-elasticsearch-async-id')
    },
  )
})

describe('the result of a synchronous query', () => {
  let gateway: Gateway
  let query: AsyncQuery

  beforeAll(async () => {
    gateway = await startGateway({
      store: { get: () => Promise.resolve(undefined), submit: () => Promise.resolve(query) },
    })
  })
  afterAll(() => gateway.close())

  const cases = goldenCases(FORMATS).filter(
    ([, { envelope, asyncState }]) => envelope?.is_running === undefined && asyncState === undefined,
  )

  it.each(cases)('is written as Elasticsearch writes it: %s', async (_name, goldenCase) => {
    query = queryOf(goldenCase)
    const { contentType, compare, body, decoded } = goldenCase.expected
    const answer = await gateway.alice(`POST /_query?${parametersOf(goldenCase)}`, {
      headers: { 'content-type': 'application/json', ...headersOf(goldenCase) },
      body: '{"query":"FROM x"}',
    })
    expect([answer.status, answer.headers['content-type']]).toEqual([200, contentType])
    expect(Object.keys(answer.headers).filter((name) => name.includes('async'))).toEqual([])
    expect(answer.headers['took-nanos']).toMatch(/^\d+$/)
    if (compare === 'exact') expect(answer.text).toBe(body)
    else if (compare === 'arrow-decoded') expect(decodedArrow(answer.body)).toEqual(decoded)
    else {
      const decode = contentType.endsWith('cbor') ? decodeCbor : parseSmile
      expect(inOrder(decode(answer.body))).toEqual(inOrder(decode(Buffer.from(body, 'base64'))))
    }
  })
})

describe('a submit', () => {
  it.each(goldenRefusals(['txt', 'csv', 'tsv']).filter(([, { request }]) => request.columnar))(
    'that contradicts itself is refused before the query runs: %s',
    async (_name, { request, expected }) => {
      const gateway = await startGateway()
      const { status, text } = await gateway.alice(`POST /_query/async?format=${request.format}`, {
        body: { query: 'ROW n = 1', columnar: true },
      })
      expect({ status, text }).toEqual({ status: expected.status, text: expected.body })
      expect(gateway.engine.requests).toEqual([])
      await gateway.close()
    },
  )
})

describe('a running query', () => {
  let gateway: Gateway

  beforeAll(async () => {
    gateway = await startGateway()
  })
  afterAll(() => gateway.close())

  it.each([
    ['format=csv', {}, 'text/csv; charset=utf-8; header=present', '\r\n'],
    ['', { accept: 'text/csv; header=absent' }, 'text/csv; charset=utf-8; header=absent', ''],
    ['format=tsv', {}, 'text/tab-separated-values; charset=utf-8', '\n'],
    ['format=txt', {}, 'text/plain', ''],
    ['format=md', {}, 'text/markdown; charset=utf-8', ''],
  ])('in %s %j shows its id and state only in headers', async (parameter, accept, contentType, text) => {
    const answer = await gateway.alice(`POST /_query/async?${parameter}`, {
      headers: accept,
      body: { query: 'RUN', wait_for_completion_timeout: '0' },
    })
    const id = answer.headers['x-elasticsearch-async-id'] ?? ''
    expect([answer.status, answer.headers['content-type'], answer.text]).toEqual([200, contentType, text])
    const again = await gateway.alice(`GET /_query/async/${id}?${parameter}&wait_for_completion_timeout=0`, {
      headers: accept,
    })
    expect([again.status, again.headers['content-type'], again.text]).toEqual([200, contentType, text])
    expect(again.headers).toMatchObject({
      'x-elasticsearch-async-id': id,
      'x-elasticsearch-async-is-running': '?1',
    })
  })

  it('in Arrow is a stream without fields', async () => {
    const answer = await gateway.alice('POST /_query/async?format=arrow', {
      body: { query: 'RUN', wait_for_completion_timeout: '0' },
    })
    expect(decodedArrow(answer.body)).toEqual({ schema: [], rows: [] })
    expect(answer.headers['x-elasticsearch-async-is-running']).toBe('?1')
  })

  it.each([
    ['yaml', (body: Buffer) => body.toString().startsWith('---\nid: "')],
    ['cbor', (body: Buffer) => decodeCbor(body).is_running === true],
    ['smile', (body: Buffer) => (parseSmile(body) as { is_running: boolean }).is_running],
  ])('in %s shows its id and state', async (format, fits) => {
    const { body } = await gateway.alice(`POST /_query/async?format=${format}`, {
      body: { query: 'RUN', wait_for_completion_timeout: '0' },
    })
    expect(fits(body)).toBe(true)
  })
})
