import assert from 'node:assert/strict'
import { ALL_METHODS } from './harness'
import type { Suite } from './suite'

/** The harness itself: nothing that follows means much without it. */
export function factory({ harness, test, offers }: Suite): void {
  test('create makes stores that share nothing', async (subject) => {
    const id = await subject.running()
    const other = await harness.create()
    try {
      assert.notEqual(other, subject.store)
      assert.equal(await subject.in(other).get(id), undefined)
    } finally {
      await other.close?.()
    }
  })

  test('the store offers the methods that the harness names, and no other', async ({ store }) => {
    assert.equal(typeof store.get, 'function')
    for (const method of ALL_METHODS) {
      assert.equal(typeof store[method], offers(method) ? 'function' : 'undefined', method)
    }
  })
}
