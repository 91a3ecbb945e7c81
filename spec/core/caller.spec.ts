import { ownerOf } from '../../lib/core/caller'

describe('ownerOf', () => {
  it('gives every pair of issuer and subject its own owner', () => {
    const pairs = [
      ['a', 'b'],
      ['b', 'a'],
      ['a","b', 'c'],
      ['a', 'b","c'],
    ] as const
    expect(new Set(pairs.map(([issuer, subject]) => ownerOf(issuer, subject))).size).toBe(pairs.length)
  })

  it.each<[unknown, unknown, string]>([
    [undefined, 'alice', 'issuer'],
    ['', 'alice', 'issuer'],
    ['https://issuer.example', undefined, 'subject'],
    ['https://issuer.example', '', 'subject'],
    ['https://issuer.example', {}, 'subject'],
    ['https://issuer.example', 5, 'subject'],
  ])('refuses the issuer %j with the subject %j, because others may share them', (issuer, subject, name) => {
    expect(() => ownerOf(issuer as string, subject as string)).toThrow(
      new TypeError(`ownerOf needs an \`${name}\` that is a non-empty string`),
    )
  })
})
