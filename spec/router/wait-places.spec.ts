import { ownerOf } from '../../lib/core/caller'
import { toErrorResponse } from '../../lib/core/errors'
import { WaitPlaces } from '../../lib/router/wait-places'

const alice = ownerOf('issuer', 'alice')
const bob = ownerOf('issuer', 'bob')

describe('the places of those who wait', () => {
  const refusalOf = (take: () => void) => {
    try {
      take()
      return undefined
    } catch (error) {
      return toErrorResponse(error)
    }
  }

  const rejected = (who: string, limit: number) => {
    const reason =
      `rejected execution of async query: ${who} [${limit}] requests waiting already, the limit is [${limit}]; ` +
      'ask with [wait_for_completion_timeout=0] or try again later'
    const error = { type: 'es_rejected_execution_exception', reason }
    return { status: 429, headers: {}, body: { error: { root_cause: [error], ...error }, status: 429 } }
  }

  it('are as many as an owner may have', () => {
    const places = new WaitPlaces({ maxWaits: 10, maxWaitsPerOwner: 2 })
    places.take(alice)
    places.take(alice)
    expect(refusalOf(() => places.take(alice))).toEqual(rejected('you have', 2))
    places.leave(alice)
    expect(refusalOf(() => places.take(alice))).toBeUndefined()
    expect(refusalOf(() => places.take(bob))).toBeUndefined()
  })

  it('are as many as there are in all', () => {
    const places = new WaitPlaces({ maxWaits: 2, maxWaitsPerOwner: 2 })
    places.take(alice)
    places.take(bob)
    expect(refusalOf(() => places.take(bob))).toEqual(rejected('the server has', 2))
    places.leave(alice)
    expect(refusalOf(() => places.take(bob))).toBeUndefined()
    expect(refusalOf(() => places.take(alice))).toEqual(rejected('the server has', 2))
  })

  it('are not taken by those who are refused', () => {
    const places = new WaitPlaces({ maxWaits: 2, maxWaitsPerOwner: 1 })
    places.take(alice)
    for (const _ of [1, 2, 3]) refusalOf(() => places.take(alice))
    expect(refusalOf(() => places.take(bob))).toBeUndefined()
    places.leave(alice)
    expect(refusalOf(() => places.take(alice))).toBeUndefined()
  })
})
