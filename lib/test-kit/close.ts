import assert from 'node:assert/strict'
import type { Suite } from './suite'

/** The end of a store. */
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
