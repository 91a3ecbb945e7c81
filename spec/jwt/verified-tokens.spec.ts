import { ownerOf } from '../../lib/caller'
import { type VerifiedToken, VerifiedTokens } from '../../lib/jwt/verified-tokens'
import { rsaKeys } from '../support/tokens'

function verified(sub: string, claims: object = {}): VerifiedToken {
  return {
    header: { alg: 'RS256' },
    key: rsaKeys.publicKey,
    claims: { iss: 'i', aud: 'a', exp: 1, sub, ...claims },
    owner: ownerOf('i', sub),
    user: undefined,
  }
}

describe('the tokens that are remembered', () => {
  it('are found by their digest, which does not tell the token', () => {
    const tokens = new VerifiedTokens()
    const digest = VerifiedTokens.digest('a.b.c')
    const token = tokens.add(digest, 5, verified('alice'))
    expect(digest).toMatch(/^[\w-]{43}$/)
    expect(tokens.find(digest)).toBe(token)
    expect(tokens.find(VerifiedTokens.digest('a.b.d'))).toBeUndefined()
  })

  it('are forgotten one by one', () => {
    const tokens = new VerifiedTokens()
    tokens.add('a', 5, verified('alice'))
    tokens.add('b', 5, verified('bob'))
    tokens.forget('a')
    expect([tokens.find('a'), tokens.find('b')?.claims.sub, tokens.size]).toEqual([undefined, 'bob', 1])
  })

  it.each([
    [16_384, 504],
    [1_000, 6_678],
    [100, 23_563],
  ])('of %d characters are at most %d, the oldest of which go first', (length, most) => {
    const tokens = new VerifiedTokens()
    for (let index = 0; index < most + 10; index += 1) tokens.add(`${index}`, length, verified(`${index}`))
    expect(tokens.size).toBe(most)
    expect([tokens.find('9'), tokens.find('10')?.claims.sub]).toEqual([undefined, '10'])
  })

  it('count once, however often they are added', () => {
    const tokens = new VerifiedTokens()
    tokens.add('first', 100, verified('alice'))
    for (let time = 0; time < 1_000; time += 1) tokens.add('again', 16_384, verified('bob'))
    expect([tokens.size, tokens.find('first')?.claims.sub]).toEqual([2, 'alice'])
  })

  it('have claims that cannot be changed, however deep they are', () => {
    let deep: object = {}
    for (let depth = 0; depth < 100_000; depth += 1) deep = { deep }
    const { claims } = new VerifiedTokens().add('a', 5, verified('alice', { deep }))
    let depth = 0
    for (let next: unknown = claims; Object.isFrozen(next) && next; next = Reflect.get(next, 'deep'))
      depth += 1
    expect(depth).toBe(100_002)
  })
})
