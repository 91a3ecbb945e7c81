import assert from 'node:assert/strict'
import type { Suite } from './suite'

/** The stores that the harness creates. The other groups rely on it. */
export function creation({ harness, settled, test, offers }: Suite): void {
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
    for (const method of settled) {
      const type = offers(method) ? 'function' : 'undefined'
      assert.equal(
        typeof store[method],
        type,
        `its ${method} is of the type ${typeof store[method]}, not ${type}`,
      )
    }
  })
}

export function closing({ harness, test, offers }: Suite): void {
  if (!offers('close')) return

  test('close resolves each time it is called', async (subject) => {
    await subject.running()
    await subject.close()
    await subject.close()
  })

  if (!harness.pendingTimers) return
  test('close leaves no timer', async (subject) => {
    await subject.running()
    await subject.finished()
    await subject.close()
    assert.equal(harness.pendingTimers?.(), 0)
  })
}
