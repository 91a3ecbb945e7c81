import assert from 'node:assert/strict'
import { isJsonText } from '../core/json-text'
import type { AsyncQuery } from '../core/store'
import { assertCompleted } from './assertions'
import type { Subject } from './subject'
import { FOREVER } from './subject'
import type { Suite } from './suite'

/** An answer is a copy of one moment. */
export function snapshots({ harness: { outcomes }, test, offers }: Suite): void {
  test('an answer stays as it was when the query completes and its expiry moves', async (subject) => {
    const id = await subject.start('completesLater')
    const answer = await subject.get(id)
    const before = copyOf(answer)
    await subject.release()
    const completed = await subject.get(id, { ...FOREVER, keepAliveMs: 50 * subject.stepMs })
    assertCompleted(completed, outcomes.completes)
    assert.deepEqual(answer, before)
  })

  const defacing = (what: string, ask: (subject: Subject) => Promise<[id: string, AsyncQuery | undefined]>) =>
    test(`changing the answer ${what} changes nothing`, async (subject) => {
      const [id, answer] = await ask(subject)
      const before = copyOf(answer)
      deface(answer)
      assert.deepEqual(await subject.get(id), before)
    })

  defacing('about a running query', async (subject) => {
    const id = await subject.running()
    return [id, await subject.get(id)]
  })

  defacing('of get', async (subject) => {
    const id = await subject.finished()
    return [id, await subject.get(id)]
  })

  if (offers('submit')) {
    defacing('of submit', async (subject) => {
      const answer = await subject.submit('completes', FOREVER)
      return [answer.id ?? '', answer]
    })
  }

  if (offers('stop')) {
    defacing('of stop', async (subject) => {
      const id = await subject.running()
      return [id, await subject.stop(id)]
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

/** By hand, since test runners have a realm of their own, and `structuredClone` makes objects of another. */
function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Date) return new Date(value)
  // It cannot change.
  if (isJsonText(value)) return value
  if (Array.isArray(value)) return value.map(copyOf)
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copyOf(inner)]))
}
