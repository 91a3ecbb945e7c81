import assert from 'node:assert/strict'
import { assertCompleted, assertRunning } from './assertions'
import { FOREVER } from './subject'
import type { Suite } from './suite'

/** An answer is a copy of one moment. */
export function snapshots({ harness: { outcomes }, test, offers }: Suite): void {
  test('an answer stays as it was when the query completes and its expiry moves', async (subject) => {
    const id = await subject.start('completesLater')
    const answer = await subject.get(id)
    const before = copyOf(answer)
    await subject.release()
    assertCompleted(
      await subject.get(id, { ...FOREVER, keepAliveMs: 50 * subject.stepMs }),
      outcomes.completes,
    )
    assert.deepEqual(answer, before)
  })

  test('changing the answer about a running query changes nothing', async (subject) => {
    const id = await subject.running()
    const answer = await subject.get(id)
    assertRunning(answer)
    const before = copyOf(answer)
    deface(answer)
    assert.deepEqual(await subject.get(id), before)
  })

  test('changing the answer of get changes nothing', async (subject) => {
    const id = await subject.finished()
    const answer = await subject.get(id)
    const before = copyOf(answer)
    deface(answer)
    assert.deepEqual(await subject.get(id), before)
  })

  if (offers('submit')) {
    test('changing the answer of submit changes nothing', async (subject) => {
      const answer = await subject.submit('completes', FOREVER)
      const { id = '' } = answer
      const before = copyOf(answer)
      deface(answer)
      assert.deepEqual(await subject.get(id), before)
    })
  }

  if (offers('stop')) {
    test('changing the answer of stop changes nothing', async (subject) => {
      const id = await subject.running()
      const answer = await subject.stop(id)
      const before = copyOf(answer)
      deface(answer)
      assert.deepEqual(await subject.get(id), before)
    })
  }
}

/** Changes everything that is not frozen. */
function deface(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  if (value instanceof Date) value.setTime(0)
  for (const key of Object.keys(value)) {
    deface(Reflect.get(value, key))
    Reflect.set(value, key, 'defaced')
  }
  if (Array.isArray(value)) Reflect.set(value, value.length, 'defaced')
}

function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Date) return new Date(value)
  if (Array.isArray(value)) return value.map(copyOf)
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copyOf(inner)]))
}
