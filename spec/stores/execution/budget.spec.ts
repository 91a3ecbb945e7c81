import type { Owner } from '../../../lib/core/caller'
import { ownerOf } from '../../../lib/core/caller'
import { QueryError } from '../../../lib/core/errors'
import { MemoryBudget } from '../../../lib/stores/execution/budget'

const [alice, bob] = ['alice', 'bob'].map((subject) => ownerOf('issuer', subject)) as [Owner, Owner]

function budget(limits = {}): MemoryBudget {
  return new MemoryBudget({
    maxQueries: 3,
    maxQueriesPerOwner: 2,
    maxBytes: 100,
    maxBytesPerOwner: 60,
    ...limits,
  })
}

/** The answer that the client would get. */
function refusal(add: () => void): unknown {
  try {
    add()
    return undefined
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    const { type, status, reason, metadata } = error
    return { type, status, reason, metadata }
  }
}

describe('MemoryBudget', () => {
  it('accepts as many queries as the limit', () => {
    const full = budget()
    for (const owner of [alice, alice, bob]) full.addQuery(owner, 0)
    expect(refusal(() => full.addQuery(bob, 0))).toEqual({
      type: 'es_rejected_execution_exception',
      status: 429,
      reason:
        'rejected execution of async query: the server has [3] async queries already, the limit is [3]; ' +
        'delete those that are no longer needed or try again later',
      metadata: {},
    })
  })

  it('accepts as many queries of one owner as the limit', () => {
    const full = budget()
    for (const owner of [alice, alice]) full.addQuery(owner, 0)
    expect(refusal(() => full.addQuery(alice, 0))).toEqual({
      type: 'es_rejected_execution_exception',
      status: 429,
      reason:
        'rejected execution of async query: you have [2] async queries already, the limit is [2]; ' +
        'delete those that are no longer needed or try again later',
      metadata: {},
    })
    expect(refusal(() => full.addQuery(bob, 0))).toBeUndefined()
  })

  it.each<[string, (full: MemoryBudget) => void, (full: MemoryBudget) => void]>([
    ['queries', (full) => full.addQuery(bob, 0), (full) => full.removeQuery(bob, 0)],
    ['bytes', (full) => full.addBytes(bob, 50), (full) => full.removeBytes(bob, 50)],
  ])('says whether there is room for one more query: %s', (_, fill, empty) => {
    const full = budget()
    for (const owner of [alice, alice]) full.addQuery(owner, 25)
    expect(full.hasRoom()).toBe(true)
    fill(full)
    expect(full.hasRoom()).toBe(false)
    empty(full)
    expect(full.hasRoom()).toBe(true)
  })

  it('accepts as many bytes as the limit', () => {
    const full = budget()
    full.addBytes(alice, 60)
    full.addBytes(bob, 40)
    expect(refusal(() => full.addBytes(bob, 1))).toEqual({
      type: 'circuit_breaking_exception',
      status: 429,
      reason:
        '[async_query] Data too large, data for all async queries would be [101b], ' +
        'which is larger than the limit of [100b]',
      metadata: { bytes_wanted: 101, bytes_limit: 100, durability: 'TRANSIENT' },
    })
  })

  it('accepts as many bytes of one owner as the limit', () => {
    const full = budget()
    full.addBytes(alice, 60)
    expect(refusal(() => full.addBytes(alice, 1))).toEqual({
      type: 'circuit_breaking_exception',
      status: 429,
      reason:
        '[async_query] Data too large, data for your async queries would be [61b], ' +
        'which is larger than the limit of [60b]',
      metadata: { bytes_wanted: 61, bytes_limit: 60, durability: 'TRANSIENT' },
    })
  })

  it('counts nothing that it refuses', () => {
    const full = budget()
    full.addBytes(alice, 50)
    refusal(() => full.addBytes(alice, 20))
    expect(refusal(() => full.addBytes(alice, 10))).toBeUndefined()
  })

  it('counts no query whose request it refuses', () => {
    const full = budget({ maxQueries: 1 })
    expect(refusal(() => full.addQuery(alice, 61))).toMatchObject({ type: 'circuit_breaking_exception' })
    expect(refusal(() => full.addQuery(alice, 60))).toBeUndefined()
  })

  it('counts no request of a query that it refuses', () => {
    const full = budget({ maxQueriesPerOwner: 0 })
    expect(refusal(() => full.addQuery(alice, 60))).toMatchObject({ type: 'es_rejected_execution_exception' })
    expect(refusal(() => full.addBytes(alice, 60))).toBeUndefined()
  })

  it('has room again after a removal', () => {
    const full = budget({ maxQueries: 1, maxBytes: 60 })
    for (const owner of [alice, bob, alice]) {
      full.addQuery(owner, 40)
      full.addBytes(owner, 20)
      full.removeQuery(owner, 60)
    }
    expect(refusal(() => full.addQuery(bob, 60))).toBeUndefined()
  })
})
