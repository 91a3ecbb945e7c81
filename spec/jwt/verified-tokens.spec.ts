import { ownerOf } from '../../lib/core/caller'
import { digestOf, type VerifiedToken, verifiedTokens } from '../../lib/jwt/verified-tokens'
import { rsaKeys } from '../support/tokens'

function verified(user: string, claims = ''): VerifiedToken {
  return {
    header: { alg: 'RS256' },
    key: rsaKeys.publicKey,
    times: { exp: 1, nbf: undefined, iat: undefined },
    owner: ownerOf('i', 's'),
    user,
    claims,
    cancelTasks: false,
    monitorQueries: undefined,
  }
}

describe('verifiedTokens', () => {
  it('finds a token by its digest, which does not show the token', () => {
    const tokens = verifiedTokens()
    const digest = digestOf('a.b.c')
    const token = verified('alice')
    tokens.set(digest, token)
    expect(digest).toMatch(/^[\w-]{43}$/)
    expect(tokens.get(digest)).toBe(token)
    expect(tokens.get(digestOf('a.b.d'))).toBeUndefined()
  })

  it('forgets one token at a time', () => {
    const tokens = verifiedTokens()
    tokens.set('a', verified('alice'))
    tokens.set('b', verified('bob'))
    tokens.delete('a')
    expect([tokens.get('a'), tokens.get('b')?.user, tokens.size]).toEqual([undefined, 'bob', 1])
  })

  it.each([
    ['without claims', '', 30_393],
    ['with claims of 12,000 characters', 'x'.repeat(12_000), 683],
  ])('keeps a limited number of tokens %s, and forgets the least recently used first', (_, claims, most) => {
    const tokens = verifiedTokens()
    const name = (index: number) => `${index}`.padStart(6, '0')
    for (let index = 0; index < most + 10; index += 1) {
      tokens.set(`${index}`, verified(name(index), claims))
    }
    expect(tokens.size).toBe(most)
    expect([tokens.get('9'), tokens.get('10')?.user]).toEqual([undefined, name(10)])
    tokens.set('last', verified(name(0), claims))
    expect([tokens.get('11'), tokens.get('10')?.user]).toEqual([undefined, name(10)])
  })

  it('counts a token once, however often it is added', () => {
    const tokens = verifiedTokens()
    tokens.set('first', verified('alice'))
    for (let time = 0; time < 2_000; time += 1) tokens.set('again', verified('bob', 'x'.repeat(12_000)))
    expect([tokens.size, tokens.get('first')?.user]).toEqual([2, 'alice'])
  })
})
