import assert from 'node:assert/strict'
import { assertCancelled, assertCompleted, assertRunning } from './assertions'
import { FOREVER } from './subject'
import type { Suite } from './suite'

export function expiry(suite: Suite): void {
  forgetting(suite)
  moving(suite)
  interrupting(suite)
}

function forgetting({ harness: { outcomes }, test, offers }: Suite): void {
  for (const state of ['running', 'finished'] as const) {
    test(`a ${state} query is known until its keep-alive runs out, and no longer`, async (subject) => {
      const id = await subject[state]({ keepAliveMs: 4 * subject.stepMs })
      await subject.advance(3)
      assert.equal((await subject.get(id))?.isRunning, state === 'running')
      await subject.advance(2)
      assert.equal(await subject.get(id), undefined)
    })
  }

  test('a failed query is unknown when its keep-alive has run out', async (subject) => {
    const id = await subject.failed({ keepAliveMs: 4 * subject.stepMs })
    await subject.advance(5)
    assert.equal(await subject.get(id), undefined)
  })

  for (const method of ['stop', 'delete'] as const) {
    if (!offers(method)) continue
    test(`${method} takes an expired query for unknown`, async (subject) => {
      const keepAliveMs = 2 * subject.stepMs
      const ids = [await subject.running({ keepAliveMs }), await subject.finished({ keepAliveMs })]
      await subject.advance(3)
      for (const id of ids) assert.equal(await subject[method](id), method === 'delete' ? false : undefined)
    })
  }

  test('completion does not move the expiry', async (subject) => {
    const id = await subject.start('completesLater', { keepAliveMs: 5 * subject.stepMs })
    await subject.advance(2)
    await subject.release()
    assertCompleted(await subject.get(id, FOREVER), outcomes.completes)
    await subject.advance(4)
    assert.equal(await subject.get(id), undefined)
  })

  test('a query with a keep-alive of zero or less expires at once', async (subject) => {
    for (const keepAliveMs of [0, -1]) {
      const id = await subject.running({ keepAliveMs })
      assert.equal(await subject.get(id), undefined)
    }
  })

  test('the times that a query tells fit together', async (subject) => {
    const keepAliveMs = 100 * subject.stepMs
    const query = await subject.get(await subject.finished({ keepAliveMs }))
    assertCompleted(query, outcomes.completes)
    const { startTimeMs, expirationTimeMs, tookNanos = 0 } = query
    assert.ok(tookNanos >= 0 && tookNanos <= keepAliveMs * 1e6, `a query took ${tookNanos} ns`)
    if (startTimeMs === undefined || expirationTimeMs === undefined) return
    const keptMs = expirationTimeMs - startTimeMs
    assert.ok(Math.abs(keptMs - keepAliveMs) <= subject.stepMs, `a query is kept for ${keptMs} ms`)
  })
}

function moving({ test }: Suite): void {
  for (const state of ['running', 'finished'] as const) {
    test(`get moves the expiry of a ${state} query to a later time, counted from the get`, async (subject) => {
      const id = await subject[state]({ keepAliveMs: 4 * subject.stepMs })
      await subject.advance(2)
      await subject.get(id, { keepAliveMs: 6 * subject.stepMs })
      await subject.advance(5)
      assert.equal((await subject.get(id))?.isRunning, state === 'running')
      await subject.advance(2)
      assert.equal(await subject.get(id), undefined)
    })

    test(`get moves the expiry of a ${state} query to an earlier time`, async (subject) => {
      const id = await subject[state]({ keepAliveMs: 20 * subject.stepMs })
      await subject.get(id, { keepAliveMs: 2 * subject.stepMs })
      await subject.advance(3)
      assert.equal(await subject.get(id), undefined)
    })
  }

  test('get without a keep-alive leaves the expiry', async (subject) => {
    const id = await subject.running({ keepAliveMs: 4 * subject.stepMs })
    await subject.advance(2)
    assertRunning(await subject.get(id))
    await subject.advance(3)
    assert.equal(await subject.get(id), undefined)
  })

  test('get with a keep-alive of zero or less leaves the expiry', async (subject) => {
    for (const keepAliveMs of [0, -1]) {
      const id = await subject.running({ keepAliveMs: 4 * subject.stepMs })
      assertRunning(await subject.get(id, { keepAliveMs }))
      await subject.advance(2)
      assertRunning(await subject.get(id))
      await subject.advance(3)
      assert.equal(await subject.get(id), undefined)
    }
  })

  test('get moves the expiry before its wait begins', async (subject) => {
    const { stepMs } = subject
    const id = await subject.running({ keepAliveMs: 2 * stepMs })
    const wait = subject.beginGet(id, { waitForCompletionTimeoutMs: 4 * stepMs, keepAliveMs: 20 * stepMs })
    await subject.advance(5)
    assertRunning(await wait.end())
  })

  test('an answer tells the expiry that applies, where it tells one', async (subject) => {
    const { stepMs } = subject
    const id = await subject.running({ keepAliveMs: 10 * stepMs })
    const before = (await subject.get(id))?.expirationTimeMs
    const after = (await subject.get(id, { keepAliveMs: 50 * stepMs }))?.expirationTimeMs
    assert.equal(typeof after, typeof before)
    const movedMs = Number(after) - Number(before)
    if (before !== undefined)
      assert.ok(Math.abs(movedMs - 40 * stepMs) <= stepMs, `the expiry moved by ${movedMs} ms`)
  })
}

function interrupting({ harness, test }: Suite): void {
  test('every wait on a query ends with task_cancelled_exception when it expires', async (subject) => {
    const id = await subject.running({ keepAliveMs: 2 * subject.stepMs })
    const waits = [FOREVER, FOREVER, { waitForCompletionTimeoutMs: 10 * subject.stepMs }].map((options) =>
      subject.beginGet(id, options),
    )
    await subject.advance(3)
    for (const wait of waits) await assertCancelled(wait.end())
  })

  if (!harness.countRunning) return
  test('a running query is interrupted when it expires', async (subject) => {
    await subject.running({ keepAliveMs: 2 * subject.stepMs })
    assert.equal(await harness.countRunning?.(), 1)
    await subject.advance(3)
    assert.equal(await harness.countRunning?.(), 0)
  })
}
