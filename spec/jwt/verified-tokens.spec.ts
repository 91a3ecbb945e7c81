import { ownerOf } from '../../lib/core/caller'
import { type VerifiedToken, VerifiedTokens } from '../../lib/jwt/verified-tokens'
import { rsaKeys } from '../support/tokens'

function verified(user: string, cancelTasks: boolean | string = false): VerifiedToken {
  return {
    header: { alg: 'RS256' },
    key: rsaKeys.publicKey,
    times: { exp: 1, nbf: undefined, iat: undefined },
    owner: ownerOf('i', 's'),
    user,
    cancelTasks,
  }
}

describe('VerifiedTokens', () => {
  it('finds a token by its digest, which does not show the token', () => {
    const tokens = new VerifiedTokens()
    const digest = VerifiedTokens.digest('a.b.c')
    const token = verified('alice')
    tokens.add(digest, token)
    expect(digest).toMatch(/^[\w-]{43}$/)
    expect(tokens.find(digest)).toBe(token)
    expect(tokens.find(VerifiedTokens.digest('a.b.d'))).toBeUndefined()
  })

  it('forgets one token at a time', () => {
    const tokens = new VerifiedTokens()
    tokens.add('a', verified('alice'))
    tokens.add('b', verified('bob'))
    tokens.forget('a')
    expect([tokens.find('a'), tokens.find('b')?.user, tokens.size]).toEqual([undefined, 'bob', 1])
  })

  it.each([
    ['without claims', false, 30_393],
    ['with claims of 12,000 characters', 'x'.repeat(12_000), 683],
  ])(
    'keeps a limited number of tokens %s, and forgets the least recently used first',
    (_, cancelTasks, most) => {
      const tokens = new VerifiedTokens()
      const name = (index: number) => `${index}`.padStart(6, '0')
      for (let index = 0; index < most + 10; index += 1) {
        tokens.add(`${index}`, verified(name(index), cancelTasks))
      }
      expect(tokens.size).toBe(most)
      expect([tokens.find('9'), tokens.find('10')?.user]).toEqual([undefined, name(10)])
      tokens.add('last', verified(name(0), cancelTasks))
      expect([tokens.find('11'), tokens.find('10')?.user]).toEqual([undefined, name(10)])
    },
  )

  it('counts a token once, however often it is added', () => {
    const tokens = new VerifiedTokens()
    tokens.add('first', verified('alice'))
    for (let time = 0; time < 2_000; time += 1) tokens.add('again', verified('bob', 'x'.repeat(12_000)))
    expect([tokens.size, tokens.find('first')?.user]).toEqual([2, 'alice'])
  })
})
