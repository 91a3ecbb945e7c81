import { createHash } from 'node:crypto'
import { Socket } from 'node:net'
import { SentTokens } from '../../lib/jwt/sent-tokens'
import { incomingRequest } from '../support/incoming-request'

const MAX_LENGTH = 4_096

type SentRequest = Parameters<SentTokens['read']>[0]

const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64url')

describe('SentTokens', () => {
  /** A request on a connection. */
  async function on(connection: unknown, ...tokens: string[]): Promise<SentRequest> {
    const { headers, rawHeaders } = await incomingRequest({
      Authorization: tokens.map((text) => `Bearer ${text}`),
    })
    return { headers, rawHeaders, socket: connection as Socket, httpVersionMajor: 1 }
  }

  it('gives a token and its digest, and `undefined` for a request without one', async () => {
    const tokens = new SentTokens(MAX_LENGTH)
    expect(tokens.read(await on(new Socket(), 'a.b.c'))).toEqual({ text: 'a.b.c', digest: digestOf('a.b.c') })
    expect(tokens.read(await on(new Socket()))).toBeUndefined()
  })

  it('makes no second digest of a token that comes again on its connection', async () => {
    const tokens = new SentTokens(MAX_LENGTH)
    const connection = new Socket()
    const first = tokens.read(await on(connection, 'a.b.c'))
    expect(tokens.read(await on(connection, 'a.b.c'))).toBe(first)
    expect(tokens.read(await on(new Socket(), 'a.b.c'))).not.toBe(first)
    expect(tokens.read(await on(connection, 'a.b.d'))).toEqual({ text: 'a.b.d', digest: digestOf('a.b.d') })
    expect(tokens.read(await on(connection, 'a.b.c'))).toEqual(first)
  })

  it('refuses a second header behind a token that comes again', async () => {
    const tokens = new SentTokens(MAX_LENGTH)
    const connection = new Socket()
    tokens.read(await on(connection, 'a.b.c'))
    const twice = await on(connection, 'a.b.c', 'a.b.c')
    expect(() => tokens.read(twice)).toThrow('unable to authenticate')
  })

  it.each<[string, () => unknown, string, Partial<SentRequest>]>([
    ['no long token', () => new Socket(), 'a'.repeat(2_049), {}],
    ['no short token in a long header', () => new Socket(), `${' '.repeat(2_048)}a.b.c`, {}],
    ['nothing for a host without connections', () => undefined, 'a.b.c', {}],
    ['nothing for a host with connections of its own', () => ({}), 'a.b.c', {}],
    ['nothing in HTTP/2', () => new Socket(), 'a.b.c', { httpVersionMajor: 2 }],
  ])('keeps %s', async (_, connect, sent, changes) => {
    const tokens = new SentTokens(MAX_LENGTH)
    const request = { ...(await on(connect(), sent)), ...changes }
    const text = sent.trim()
    const first = tokens.read(request)
    expect(first).toEqual({ text, digest: digestOf(text) })
    expect(tokens.read(request)).not.toBe(first)
  })
})
