import { LocalQuery } from '../../../lib/stores/execution/query'
import { QueryIndex } from '../../../lib/stores/memory/query-index'
import { ManualClock } from '../../../lib/test-kit'
import { alice, bob } from '../../support/store-bench'

const OPTIONS = { waitForCompletionTimeoutMs: 0, keepAliveMs: 1, keepOnCompletion: true }

function query(id: string, owner = alice): LocalQuery {
  return new LocalQuery(id, { query: 'FROM x' }, owner, OPTIONS, { clock: new ManualClock() })
}

describe('QueryIndex', () => {
  it('finds a query among those of its owner, or of all', () => {
    const index = new QueryIndex()
    const [mine, foreign] = [query('a'), query('b', bob)]
    for (const each of [mine, foreign]) index.add(each)
    expect([index.find('a', alice), index.find('b', alice), index.find('c', alice)]).toEqual([
      mine,
      undefined,
      undefined,
    ])
    expect([index.find('a', undefined), index.find('b', undefined)]).toEqual([mine, foreign])
    expect([index.list(alice), index.list()]).toEqual([[mine], [mine, foreign]])
  })

  it('forgets a query once', () => {
    const index = new QueryIndex()
    const [mine, other] = [query('a'), query('b')]
    for (const each of [mine, other]) index.add(each)
    expect([index.delete(mine), index.delete(mine)]).toEqual([true, false])
    expect([index.has(mine), index.has(other), index.find('a', alice)]).toEqual([false, true, undefined])
    expect([index.delete(other), index.list(alice), index.list()]).toEqual([true, [], []])
  })
})
