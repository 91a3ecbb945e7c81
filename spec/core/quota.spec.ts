import type { Owner } from '../../lib/core/caller'
import { ownerOf } from '../../lib/core/caller'
import { QueryError } from '../../lib/core/errors'
import type { Excess } from '../../lib/core/quota'
import { Quota } from '../../lib/core/quota'

const [alice, bob] = ['alice', 'bob'].map((subject) => ownerOf('issuer', subject)) as [Owner, Owner]

/** A quota, and what it says about each attempt: nothing, or which limit was in the way. */
function quotaOf(max: number, maxPerOwner: number) {
  const quota = new Quota({ max, maxPerOwner }, (excess) => new QueryError('x', JSON.stringify(excess)))
  const attempt = (run: () => void): Excess | undefined => {
    try {
      run()
      return undefined
    } catch (error) {
      if (!(error instanceof QueryError)) throw error
      return JSON.parse(error.reason)
    }
  }
  return {
    quota,
    add: (owner: Owner, amount = 1) => attempt(() => quota.add(owner, amount)),
    assertRoom: (owner: Owner, amount: number) => attempt(() => quota.assertRoom(owner, amount)),
  }
}

describe('Quota', () => {
  it('refuses what exceeds the limit of one owner', () => {
    const { quota, add } = quotaOf(10, 2)
    expect([add(alice), add(alice), add(alice), add(bob)]).toEqual([
      undefined,
      undefined,
      { of: 'owner', used: 2, wanted: 3, limit: 2 },
      undefined,
    ])
    quota.remove(alice, 1)
    expect(add(alice)).toBeUndefined()
  })

  it('refuses what exceeds the limit of all owners', () => {
    const { quota, add } = quotaOf(100, 80)
    expect([add(alice, 60), add(bob, 41), add(bob, 40)]).toEqual([
      undefined,
      { of: 'all', used: 60, wanted: 101, limit: 100 },
      undefined,
    ])
    quota.remove(alice, 60)
    expect(add(bob, 40)).toBeUndefined()
  })

  it('names the limit of the owner if both are exceeded', () => {
    const { add } = quotaOf(1, 1)
    add(alice)
    expect(add(alice)).toEqual({ of: 'owner', used: 1, wanted: 2, limit: 1 })
  })

  it('does not count what it refuses', () => {
    const { add } = quotaOf(2, 1)
    add(alice)
    for (const _ of [1, 2, 3]) add(alice)
    expect(add(bob)).toBeUndefined()
  })

  it('says whether there is room, without counting', () => {
    const { add, assertRoom } = quotaOf(10, 10)
    expect([assertRoom(alice, 11), assertRoom(alice, 10), add(alice, 10)]).toEqual([
      { of: 'owner', used: 0, wanted: 11, limit: 10 },
      undefined,
      undefined,
    ])
  })
})
