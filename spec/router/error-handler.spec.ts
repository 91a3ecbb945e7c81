import express, { type Express, type RequestHandler } from 'express'
import { esqlErrorHandler, QueryError } from 'express-esql-async-query'
import { errorJson } from '../support/engine'
import { type Gateway, startGateway } from '../support/gateway'

const SUBMIT = 'POST /_query/async'
const JSON_TYPE = { 'content-type': 'application/json' }

describe('esqlErrorHandler', () => {
  let gateway: Gateway
  afterEach(() => gateway.close())

  const start = async (before: RequestHandler, { prefix = '/' } = {}): Promise<Gateway> => {
    gateway = await startGateway({
      prefix,
      isDocumented: false,
      before: (app) => app.use(before),
      after: (app: Express) => {
        app.use(prefix, esqlErrorHandler())
        app.use(((error, _request, response, _next) => {
          response.status(500).send(`host: ${error.message}`)
        }) as express.ErrorRequestHandler)
      },
    })
    return gateway
  }

  it.each(['/', '/es'])('answers malformed JSON as the router does, at %s', async (prefix) => {
    const bodies = ['{"query":', '{"query" "x"}', '{\n "query": "x",\n}', '"x"', '[1,2]x', '{"a":01}', '}']
    const plain = await startGateway({ prefix })
    const wanted = await Promise.all(bodies.map((body) => plain.alice(SUBMIT, { headers: JSON_TYPE, body })))
    await plain.close()
    await start(express.json(), { prefix })
    const answers = await Promise.all(
      bodies.map((body) => gateway.alice(SUBMIT, { headers: JSON_TYPE, body })),
    )
    expect(answers.map(({ status, text }) => [status, text])).toEqual(
      wanted.map(({ status, text }) => [status, text]),
    )
    expect(answers.map(({ headers }) => headers['x-elastic-product'])).toEqual(
      bodies.map(() => 'Elasticsearch'),
    )
  })

  it('names the parser of a synchronous query', async () => {
    await start(express.json())
    const { text } = await gateway.alice('POST /_query', { headers: JSON_TYPE, body: '"x"' })
    expect(text).toContain('[1:1] [esql/query] Expected START_OBJECT but was: VALUE_STRING')
  })

  it('answers in the format of the request, with its X-Opaque-Id', async () => {
    await start(express.json())
    const { headers, text } = await gateway.alice(`${SUBMIT}?pretty`, {
      headers: { ...JSON_TYPE, accept: 'application/yaml', 'x-opaque-id': 'me' },
      body: '{',
    })
    expect([headers['content-type'], headers['x-opaque-id'], text]).toEqual([
      'application/yaml',
      'me',
      expect.stringContaining('type: "x_content_e_o_f_exception"'),
    ])
  })

  it.each<[string, RequestHandler, Record<string, string>, string, number, string, string]>([
    [
      'a body that is too long',
      express.json({ limit: 10 }),
      JSON_TYPE,
      '{"query":"0123456789"}',
      413,
      'too_long_http_content_exception',
      'content length exceeded 10 bytes.',
    ],
    [
      'a coding that is not supported',
      express.json(),
      { ...JSON_TYPE, 'content-encoding': 'snappy' },
      '{}',
      400,
      'parse_exception',
      'Content-Encoding [snappy] of the request body is not supported, use gzip, deflate or br',
    ],
    [
      'a body that is not what its coding says',
      express.json(),
      { ...JSON_TYPE, 'content-encoding': 'gzip' },
      '{}',
      400,
      'parse_exception',
      'the request body could not be read',
    ],
    [
      'JSON that Elasticsearch takes and Express does not',
      express.json(),
      JSON_TYPE,
      '{"query":"x" /* why */}',
      400,
      'parse_exception',
      'the request body could not be read',
    ],
    [
      'a QueryError of middleware',
      (_request, _response, next) => next(new QueryError('circuit_breaking_exception', 'full')),
      JSON_TYPE,
      '{}',
      429,
      'circuit_breaking_exception',
      'full',
    ],
  ])('answers %s in the envelope', async (_name, before, headers, body, status, type, reason) => {
    await start(before)
    const answer = await gateway.alice(SUBMIT, { headers, body })
    expect([answer.status, answer.text]).toEqual([status, errorJson(status, type, reason)])
  })

  it.each(['/', '/es'])(
    'answers a QueryError on the path of the product information, below %s',
    async (prefix) => {
      await start((_request, _response, next) => next(new QueryError('circuit_breaking_exception', 'full')), {
        prefix,
      })
      const { status, text } = await gateway.alice('GET /')
      expect([status, text]).toEqual([429, errorJson(429, 'circuit_breaking_exception', 'full')])
    },
  )

  it.each<[string, string, RequestHandler, string]>([
    ['errors of other paths', 'POST /other', express.json(), '{'],
    ['errors of body parsers on the path of the product information', 'POST /', express.json(), '{'],
    [
      'a QueryError of other paths',
      'POST /other',
      (_request, _response, next) => next(new QueryError('exception', 'mine')),
      '{}',
    ],
    ['other errors', SUBMIT, (_request, _response, next) => next(new Error('mine')), '{}'],
    ['errors that are no objects', SUBMIT, (_request, _response, next) => next('mine'), '{}'],
    [
      'refusals of the application by `verify`',
      SUBMIT,
      express.json({
        verify: () => {
          throw new Error('mine')
        },
      }),
      '{}',
    ],
  ])('leaves %s to the host', async (_name, target, before, body) => {
    await start(before)
    const { status, text } = await gateway.alice(target, { headers: JSON_TYPE, body })
    expect([status, text]).toEqual([500, expect.stringMatching(/^host: /)])
  })
})
