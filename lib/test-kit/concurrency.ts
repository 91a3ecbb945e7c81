import assert from 'node:assert/strict'
import { isQueryError } from '../core/errors'
import type { Suite } from './suite'

/** Calls for the same query that do not wait for each other. */
export function concurrency({ test, offers }: Suite): void {
  if (offers('stop')) {
    test('stops at the same time answer alike', async (subject) => {
      const id = await subject.running()
      const [first, ...others] = await Promise.all(Array.from({ length: 5 }, () => subject.stop(id)))
      assert.equal(first?.isRunning, false)
      for (const other of others) assert.deepEqual(other, first)
    })
  }

  if (offers('delete')) {
    test('of deletes at the same time, one answers true', async (subject) => {
      const id = await subject.running()
      const answers = await Promise.all(Array.from({ length: 5 }, () => subject.delete(id)))
      assert.deepEqual(answers.toSorted(), [false, false, false, false, true])
    })
  }

  test('gets, stops and deletes at the same time all end, with an answer or as cancelled', async (subject) => {
    const id = await subject.running()
    const waitForCompletionTimeoutMs = subject.stepMs
    const calls: Promise<unknown>[] = []
    for (let times = 0; times < 5; times += 1) {
      calls.push(
        subject.get(id, { waitForCompletionTimeoutMs }),
        subject.get(id, { keepAliveMs: subject.longMs }),
      )
      if (offers('stop')) calls.push(subject.stop(id))
      if (offers('delete')) calls.push(subject.delete(id))
    }
    const outcomes = Promise.allSettled(calls)
    await subject.advance(2)
    for (const outcome of await outcomes) {
      if (outcome.status === 'fulfilled') continue
      if (!isQueryError(outcome.reason)) throw outcome.reason
      assert.equal(outcome.reason.type, 'task_cancelled_exception')
    }
    if (offers('delete')) assert.equal(await subject.get(id), undefined)
  })
}
