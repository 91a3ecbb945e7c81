import type { Double } from 'express-esql-async-query/double'
import { Asker, startCheckedDouble, TABLE } from '../support/double'
import { token } from '../support/tokens'

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const unsigned = (claims: object): string =>
  ['{"alg":"none"}', JSON.stringify(claims), '']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.')

describe('who asks a double', () => {
  const doubles: Double[] = []
  const start = async (options: object = {}) => {
    const double = await startCheckedDouble(options)
    doubles.push(double)
    double.on('FROM a').completes(TABLE)
    return (authorization?: string) =>
      new Asker(double.url, authorization === undefined ? {} : { authorization })
  }
  const owner = () => doubles.at(-1)?.requests.at(-1)?.owner
  afterEach(() => Promise.all(doubles.splice(0).map((double) => double.close())))

  it.each([
    [`Basic ${base64('alice:secret')}`, 'Basic alice'],
    [`basic ${base64('alice:another')}`, 'Basic alice'],
    [`ApiKey ${base64('key-1:secret')}`, 'ApiKey key-1'],
    [`Bearer ${token({ sub: 'alice' })}`, 'Bearer ["https://issuer.example","alice"]'],
    [`Bearer ${unsigned({ iss: 'i', sub: 's' })}`, 'Bearer ["i","s"]'],
    [`Bearer ${unsigned({ sub: 's' })}`, /^Bearer [\w-]{12}$/],
    ['Bearer opaque', /^Bearer [\w-]{12}$/],
    ['ApiKey opaque', /^ApiKey [\w-]{12}$/],
    ['AWS4-HMAC-SHA256 Credential=x', /^AWS4-HMAC-SHA256 [\w-]{12}$/],
    ['lonely', /^lonely [\w-]{12}$/],
  ])('is found by %s', async (authorization, expected) => {
    const as = await start()
    expect((await as(authorization).submit('FROM a')).status).toBe(200)
    const pattern =
      typeof expected === 'string'
        ? expected.replace('https://issuer.example', JSON.parse(issuerOf(owner())))
        : expected
    if (typeof pattern === 'string') expect(owner()).toBe(pattern)
    else expect(owner()).toMatch(pattern)
  })
  const issuerOf = (found = ''): string => /"[^"]*"/.exec(found)?.[0] ?? '""'

  it('sees no query of anybody else', async () => {
    const as = await start()
    const [alice, mallory] = ['alice', 'mallory'].map((name) => as(`Basic ${base64(`${name}:secret`)}`))
    const id = (await alice?.begin('FROM a')) ?? ''
    expect((await alice?.get(id))?.status).toBe(200)
    expect((await mallory?.get(id))?.status).toBe(404)
    expect(doubles[0]?.requests.at(-1)).toMatchObject({ owner: 'Basic mallory', query: undefined })
  })

  it('is nobody without Authorization: 401, which the console explains once', async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation()
    const as = await start()
    expect(await as().submit('FROM a')).toMatchObject({
      status: 401,
      json: { error: { reason: 'missing authentication credentials for REST request [/_query/async]' } },
    })
    await as().get('x')
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/`startDouble\(\{ anonymous: true \}\)`, or `double --anonymous`, lets/)],
    ])
    expect(owner()).toBeUndefined()
    warn.mockRestore()
  })

  it('is anonymous where that is allowed', async () => {
    const as = await start({ anonymous: true })
    expect((await as().submit('FROM a')).status).toBe(200)
    expect(owner()).toBe('anonymous')
  })

  it('is one of the users that are given, who may have several tokens', async () => {
    const as = await start({ users: { 'Bearer one': 'alice', 'Bearer two': 'alice' } })
    const id = await as('Bearer one').begin('FROM a')
    expect((await as('Bearer two').get(id)).status).toBe(200)
    expect(owner()).toBe('alice')
    expect((await as('Bearer three').get(id)).status).toBe(401)
  })
})
