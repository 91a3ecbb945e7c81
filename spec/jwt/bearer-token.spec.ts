import { unauthenticated } from '../../lib/core/unauthenticated'
import { bearerToken, credentialsOf } from '../../lib/jwt/bearer-token'
import { incomingRequest } from '../support/incoming-request'

const MAX_LENGTH = 100

type SentRequest = Parameters<typeof credentialsOf>[0]

function tokenOf(request: SentRequest): string | undefined {
  const credentials = credentialsOf(request)
  return credentials === undefined ? undefined : bearerToken(credentials, MAX_LENGTH)
}

async function read(...authorization: string[]): Promise<string | undefined> {
  return tokenOf(await incomingRequest({ Authorization: authorization }))
}

describe('the bearer token of a request', () => {
  it('is none without an Authorization header', async () => {
    const request = await incomingRequest({ 'Proxy-Authorization': 'Bearer abc' })
    expect(tokenOf(request)).toBeUndefined()
  })

  it.each(['Bearer', 'bearer', 'BEARER', 'bEaReR'])('accepts the scheme as %s', async (scheme) => {
    expect(await read(`${scheme} abc.def.ghi`)).toBe('abc.def.ghi')
  })

  it.each([
    ['every character of a b64token', 'Bearer azAZ09-._~+/==', 'azAZ09-._~+/=='],
    ['one character', 'Bearer a', 'a'],
    ['several blanks before the token', 'Bearer   abc', 'abc'],
    ['blanks around the value, which HTTP does not count', '  Bearer abc  ', 'abc'],
    ['a token of the greatest length', `Bearer ${'a'.repeat(MAX_LENGTH)}`, 'a'.repeat(MAX_LENGTH)],
  ])('reads %s', async (_, header, token) => {
    expect(await read(header)).toBe(token)
  })

  it('reads a header that an earlier middleware has set', async () => {
    const request = await incomingRequest({ Cookie: 'token=abc' })
    request.headers.authorization = 'Bearer abc'
    expect(tokenOf(request)).toBe('abc')
  })

  const MALFORMED = 'the Authorization header is not one bearer token'
  const SEVERAL = 'there is more than one Authorization header'

  it.each([
    ['an empty header', [''], MALFORMED],
    ['a scheme alone', ['Bearer'], MALFORMED],
    ['a scheme with blanks alone', ['Bearer  '], MALFORMED],
    ['a token without a scheme', ['abc.def.ghi'], MALFORMED],
    ['no blank after the scheme', ['Bearerabc'], MALFORMED],
    ['a tab after the scheme', ['Bearer\tabc'], MALFORMED],
    ['a colon after the scheme', ['Bearer: abc'], MALFORMED],
    ['a longer scheme', ['XBearer abc'], MALFORMED],
    ['another scheme', ['Basic YWxpY2U6c2VjcmV0'], MALFORMED],
    ['an API key', ['ApiKey abc'], MALFORMED],
    ['a blank in the token', ['Bearer abc def'], MALFORMED],
    ['two tokens in one header', ['Bearer abc, Bearer def'], MALFORMED],
    ['two schemes in one header', ['Basic YWxpY2U6, Bearer abc'], MALFORMED],
    ['a quoted token', ['Bearer "abc"'], MALFORMED],
    ['a parameter', ['Bearer abc;def'], MALFORMED],
    ['padding alone', ['Bearer =='], MALFORMED],
    ['padding inside the token', ['Bearer a=b'], MALFORMED],
    ['a letter that is not ASCII', ['Bearer ab\u00e9'], MALFORMED],
    [
      'a token that is too long',
      [`Bearer ${'a'.repeat(MAX_LENGTH + 1)}`],
      'the bearer token is longer than 100 characters',
    ],
    ['two headers', ['Bearer abc', 'Bearer def'], SEVERAL],
    ['the same header twice', ['Bearer abc', 'Bearer abc'], SEVERAL],
    ['a second header of another scheme', ['Bearer abc', 'Basic YWxpY2U6'], SEVERAL],
    ['an empty second header', ['Bearer abc', ''], SEVERAL],
  ])('refuses %s', async (_, headers, why) => {
    const error = await read(...headers).catch((thrown) => thrown)
    expect(error).toEqual(unauthenticated(new Error(why)))
    expect(error.cause.message).toBe(why)
  })

  it('refuses 200,000 characters of garbage quickly', async () => {
    const request = await incomingRequest({ Authorization: `Bearer ${'a'.repeat(200_000)}!` })
    const startMs = performance.now()
    expect(() => tokenOf(request)).toThrow('unable to authenticate')
    expect(performance.now() - startMs).toBeLessThan(1_000)
  })
})
