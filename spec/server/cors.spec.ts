import express from 'express'
import supertest from 'supertest'
import type { CorsConfig } from '../../lib/server/cors'
import { allowOrigins } from '../../lib/server/cors'

const APP = 'https://app.example'

function ask(
  method: 'get' | 'options' | 'post',
  headers: Record<string, string>,
  config: Partial<CorsConfig> = {},
) {
  const complete = {
    allowOrigin: [APP],
    allowCredentials: false,
    allowHeaders: ['Authorization', 'Content-Type'],
    maxAgeMs: 60_500,
    ...config,
  }
  const app = express()
    .disable('x-powered-by')
    .use(allowOrigins(complete))
    .use((_request, response) => void response.status(401).json('who are you?'))
  return supertest(app)[method]('/_query/async').set(headers)
}

/** The headers of an answer that have to do with origins. */
function corsOf(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name === 'vary' || name.startsWith('access-control')),
  )
}

const preflight = (origin: string) => ({ origin, 'access-control-request-method': 'POST' })

const EXPOSED =
  'X-elastic-product, X-Opaque-Id, X-Elasticsearch-Async-Id, X-Elasticsearch-Async-Is-Running, ' +
  'X-Elasticsearch-Async-Expiration-Time-In-Millis, Took-nanos, Warning, Retry-After, WWW-Authenticate'

describe('a request of another origin', () => {
  it('may read the answer where the origin is allowed, be it a refusal', async () => {
    const { status, headers } = await ask('post', { origin: APP })
    expect([status, corsOf(headers)]).toEqual([
      401,
      { vary: 'Origin', 'access-control-allow-origin': APP, 'access-control-expose-headers': EXPOSED },
    ])
  })

  it('is asked for by a preflight, which needs no token', async () => {
    const { status, text, headers } = await ask('options', preflight(APP))
    expect([status, text, headers['content-length'], corsOf(headers)]).toEqual([
      200,
      '',
      '0',
      {
        vary: 'Origin',
        'access-control-allow-origin': APP,
        'access-control-allow-methods': 'OPTIONS, HEAD, GET, POST, DELETE',
        'access-control-allow-headers': 'Authorization, Content-Type',
        'access-control-max-age': '60',
      },
    ])
  })

  it.each([
    ['get', { origin: 'https://evil.example' }],
    ['options', preflight('https://evil.example')],
    ['options', preflight('null')],
    ['get', { origin: `${APP}.evil.example` }],
    ['get', { origin: 'http://app.example' }],
  ] as const)('is refused without a body where the origin is not allowed: %s %j', async (method, sent) => {
    const { status, text, headers } = await ask(method, sent)
    expect([status, text, headers['content-length'], corsOf(headers)]).toEqual([
      403,
      '',
      '0',
      { vary: 'Origin' },
    ])
  })

  it.each<[string, Partial<CorsConfig>, string, Record<string, string> | 403]>([
    ['anybody', { allowOrigin: '*' }, 'https://any.example', { 'access-control-allow-origin': '*' }],
    [
      'anybody, with credentials',
      { allowOrigin: '*', allowCredentials: true },
      'https://any.example',
      {
        vary: 'Origin',
        'access-control-allow-origin': 'https://any.example',
        'access-control-allow-credentials': 'true',
      },
    ],
    [
      'a pattern',
      { allowOrigin: /^https:\/\/\w+\.example$/ },
      'https://two.example',
      { vary: 'Origin', 'access-control-allow-origin': 'https://two.example' },
    ],
    ['another pattern', { allowOrigin: /^https:\/\/\w+\.example$/ }, 'https://a.b.example', 403],
  ])('is judged by what is allowed: %s', async (_, config, origin, expected) => {
    const { status, headers } = await ask('get', { origin }, config)
    if (expected === 403) expect(status).toBe(403)
    else expect(corsOf(headers)).toEqual({ ...expected, 'access-control-expose-headers': EXPOSED })
  })
})

describe('other requests', () => {
  it('have no origin, as of programs, and are let through', async () => {
    const { status, headers } = await ask('get', {})
    expect([status, corsOf(headers)]).toEqual([401, { vary: 'Origin' }])
  })

  it('may come from a page of the gateway itself', async () => {
    const { status, headers } = await ask('post', {
      host: 'gw.example:3000',
      origin: 'https://gw.example:3000',
    })
    expect([status, corsOf(headers)]).toEqual([401, { vary: 'Origin' }])
  })

  it('may be an OPTIONS that is no preflight', async () => {
    const { status } = await ask('options', { origin: APP })
    expect(status).toBe(401)
  })
})
