import assert from 'node:assert/strict'
import { isQueryError } from '../core/errors'
import type { QueryResult } from '../core/result'
import { assertCancelled, assertCompleted, assertFails } from './assertions'
import { FOREVER, STATES } from './subject'
import type { Suite } from './suite'

export function interruption(suite: Suite): void {
  const { stopped } = suite.harness.outcomes
  if (suite.offers('stop') && stopped) stopping(suite, stopped)
  if (suite.offers('delete')) deleting(suite)
  endingWork(suite)
}

function stopping({ harness, test }: Suite, stopped: QueryResult): void {
  test('stop ends a running query and answers with the rows it has found, as a partial result', async (subject) => {
    const query = await subject.stop(await subject.running())
    assertCompleted(query, stopped)
    assert.equal(query.isPartial, true)
  })

  test('a stopped query keeps its partial result', async (subject) => {
    const id = await subject.running()
    const query = await subject.stop(id)
    assert.deepEqual(await subject.get(id), query)
  })

  test('stop answers alike the second time', async (subject) => {
    const id = await subject.running()
    const query = await subject.stop(id)
    assert.deepEqual(await subject.stop(id), query)
  })

  test('stop leaves a finished query as it is', async (subject) => {
    const id = await subject.finished()
    const query = await subject.get(id)
    assert.deepEqual(await subject.stop(id), query)
    assert.deepEqual(await subject.get(id), query)
  })

  test('stop rejects with the error of a failed query', async (subject) => {
    await assertFails(subject.stop(await subject.failed()), harness.outcomes.fails)
  })

  test('stop does not move the expiry', async (subject) => {
    const id = await subject.running({ keepAliveMs: 4 * subject.stepMs })
    await subject.advance(2)
    assertCompleted(await subject.stop(id), stopped)
    await subject.advance(1)
    assertCompleted(await subject.get(id), stopped)
    await subject.advance(2)
    assert.equal(await subject.get(id), undefined)
  })

  test('every wait on a query ends with the rows it has found when it is stopped', async (subject) => {
    const id = await subject.running()
    const waits = Array.from({ length: 3 }, () => subject.beginGet(id, FOREVER))
    await subject.stop(id)
    for (const wait of waits) assertCompleted(await wait.end(), stopped)
  })

  test('a stopped query shows its id only with keepOnCompletion', async (subject) => {
    for (const keepOnCompletion of [true, false]) {
      const id = await subject.running({ keepOnCompletion })
      assert.equal((await subject.stop(id))?.id, keepOnCompletion ? id : undefined)
    }
  })
}

function deleting({ test, offers }: Suite): void {
  for (const state of STATES) {
    test(`delete answers true once for a ${state} query, and false from then on`, async (subject) => {
      const id = await subject[state]()
      const answers = [await subject.delete(id), await subject.delete(id), await subject.delete(id)]
      assert.deepEqual(answers, [true, false, false])
    })

    test(`a deleted ${state} query is unknown`, async (subject) => {
      const id = await subject[state]()
      await subject.delete(id)
      assert.equal(await subject.get(id), undefined)
      if (offers('stop')) assert.equal(await subject.stop(id), undefined)
    })
  }

  test('delete leaves the other queries of the owner', async (subject) => {
    const others = [await subject.running(), await subject.finished()]
    const before = await Promise.all(others.map((id) => subject.get(id)))
    await subject.delete(await subject.running())
    assert.deepEqual(await Promise.all(others.map((id) => subject.get(id))), before)
  })

  test('every wait on a query ends with task_cancelled_exception when it is deleted', async (subject) => {
    const id = await subject.running()
    const waits = [FOREVER, FOREVER, { waitForCompletionTimeoutMs: subject.longMs }].map((options) =>
      subject.beginGet(id, options),
    )
    // To begin takes a moment where the backend is a network away.
    await subject.advance(1)
    await subject.delete(id)
    for (const wait of waits) await assertCancelled(wait.end())
  })
}

function endingWork({ harness, test, offers }: Suite): void {
  if (!harness.countRunning) return
  for (const method of ['stop', 'delete'] as const) {
    if (!offers(method)) continue
    test(`${method} interrupts the query, and answers when it has ended`, async (subject) => {
      const id = await subject.running()
      assert.equal(await harness.countRunning?.(), 1)
      await subject[method](id)
      assert.equal(await harness.countRunning?.(), 0)
    })
  }
}

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
