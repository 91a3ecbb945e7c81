import type { AsyncQueryRouterOptions } from 'express-esql-async-query'
import { QueryError } from 'express-esql-async-query'
import { ManualClock } from 'express-esql-async-query/test-kit'
import { unauthenticated } from '../../lib/core/unauthenticated'
import { refusalsOnConsole } from '../../lib/telemetry/console-refusals'
import { type Gateway, startGateway } from '../support/gateway'
import { ecKeys, signToken, token } from '../support/tokens'

const PREFIX = 'express-esql-async-query: a caller was refused: '

let warn: jest.SpyInstance

beforeEach(() => {
  warn = jest.spyOn(console, 'warn').mockImplementation()
})
afterEach(() => warn.mockRestore())

/** The reasons on the console since the last call. */
function told(): string[] {
  const lines = warn.mock.calls.map((line) => line.join(' '))
  warn.mockClear()
  return lines.map((line) => {
    expect(line.startsWith(PREFIX)).toBe(true)
    return line.slice(PREFIX.length)
  })
}

describe('refusals on the console', () => {
  const refusal = (cause: unknown) => unauthenticated(cause)

  it('tell each reason once a minute', async () => {
    const clock = new ManualClock()
    const tell = refusalsOnConsole(clock)
    const refuse = (...reasons: string[]) => {
      for (const reason of reasons) tell(refusal(new Error(reason)), { headers: {} })
      return told()
    }
    expect(refuse('jwt expired', 'jwt expired')).toEqual(['jwt expired'])
    await clock.advance(30_000)
    expect(refuse('jwt expired', 'invalid signature')).toEqual(['invalid signature'])
    await clock.advance(29_999)
    expect(refuse('jwt expired', 'invalid signature')).toEqual([])
    await clock.advance(1)
    expect(refuse('jwt expired', 'invalid signature')).toEqual(['jwt expired'])
    await clock.advance(-86_400_000)
    expect(refuse('jwt expired')).toEqual(['jwt expired'])
  })

  it('tell at most a hundred reasons a minute', async () => {
    const clock = new ManualClock()
    const tell = refusalsOnConsole(clock)
    const flood = () => {
      for (let n = 0; n < 5_000; n += 1) tell(refusal(new Error(`reason ${n}`)), { headers: {} })
      return told()
    }
    expect([flood().length, flood().length]).toEqual([100, 0])
    await clock.advance(60_000)
    expect(flood()).toHaveLength(100)
  })

  it.each<[string, unknown, string | undefined, string]>([
    ['of the whole token', new Error('bad token abc.def.ghi!'), 'Bearer abc.def.ghi', 'bad token …!'],
    ['of another scheme', new Error('no such user: YTpi'), 'Basic YTpi', 'no such user: …'],
    ['of a token in another header', new Error(`not valid: "${token()}"`), undefined, 'not valid: "…"'],
    ['of a part of a token', new Error(`at ${token().split('.')[1]}`), undefined, 'at …'],
    ['of a key', new Error(`key ${'0123456789abcdef'.repeat(4)}`), undefined, 'key …'],
    ['of many lines', new Error('one\n\u001b[31mtwo'), undefined, 'one  [31mtwo'],
    ['without an end', new Error('no '.repeat(1_000)), undefined, 'no '.repeat(67).slice(0, 200)],
    ['that is no error', 'expired', undefined, 'expired'],
    ['that is an object', { token: 'abc' }, undefined, 'an object that is not an Error'],
  ])('show nothing secret and nothing long of a reason %s', (_, cause, authorization, shown) => {
    refusalsOnConsole(new ManualClock())(refusal(cause), { headers: { authorization } })
    expect(told()).toEqual([shown])
  })
})

describe('a router without a logger', () => {
  const environment = process.env.NODE_ENV
  let gateway: Gateway

  async function start(options: Partial<AsyncQueryRouterOptions> = {}): Promise<void> {
    gateway = await startGateway({ logger: undefined as never, ...options })
  }
  afterEach(async () => {
    process.env.NODE_ENV = environment
    await gateway.close()
  })

  const ask = (authorization?: string) =>
    gateway.anonymous(
      'GET /_query/async/x',
      authorization === undefined ? {} : { headers: { authorization } },
    )

  const REFUSED = [
    token({ aud: 'others' }),
    token({ exp: 1 }),
    signToken({}, { key: ecKeys.ES256.privateKey, algorithm: 'ES256' }),
    `${token().slice(0, -8)}AAAAAAAA`,
    'secret',
  ]

  it('tells on the console why it refuses callers, who all get the same answer', async () => {
    await start()
    const answers = new Set<string>()
    for (const jwt of [...REFUSED, ...REFUSED]) answers.add((await ask(`Bearer ${jwt}`)).text)
    expect(answers.size).toBe(1)
    await ask()
    expect(told()).toEqual([
      'jwt audience invalid. expected: queries',
      'jwt expired',
      'the token is signed with ES256, which is not allowed',
      'invalid signature',
      'the bearer token is not a signed JWT',
      'the request has no credentials',
    ])
  })

  it('tells the reasons of the function of a host too', async () => {
    const cause = new Error('no session')
    await start({
      resolveCaller() {
        const headers = { 'WWW-Authenticate': 'Session' }
        throw new QueryError('security_exception', 'log in first', { headers, cause })
      },
    })
    await ask()
    expect(told()).toEqual(['no session'])
  })

  it('tells nothing about callers that it knows, and nothing that the answer shows', async () => {
    await start()
    await gateway.alice('GET /_query/async/x')
    await gateway.alice('PUT /_query/async/x')
    await gateway.alice('POST /_query/async', { body: { query: 'RUN', wait_for_completion_timeout: '0' } })
    expect(told()).toEqual([])
  })

  it('tells nothing in production', async () => {
    process.env.NODE_ENV = 'production'
    await start()
    expect((await ask('Bearer secret')).status).toBe(401)
    expect(told()).toEqual([])
  })
})

describe('a router with a logger', () => {
  it('tells nothing on the console', async () => {
    const gateway = await startGateway()
    expect((await gateway.anonymous('GET /_query/async/x')).status).toBe(401)
    expect(told()).toEqual([])
    await gateway.close()
  })
})
