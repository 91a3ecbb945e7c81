import assert from 'node:assert/strict'
import type { Owner } from '../core/caller'
import { idempotencyKeyReused } from '../core/idempotency'
import type { CompletedQuery } from '../core/store'
import { assertCompleted, assertFails, assertRunning, errorOf } from './assertions'
import type { Subject } from './subject'
import { alice, FOREVER, mallory } from './subject'
import type { Suite } from './suite'

const KEY = { key: 'c0ffee', fingerprint: 'one' }
/** A submit with the key whose query is not kept once it has ended. */
const NOT_KEPT = { idempotency: KEY, keepOnCompletion: false }
const AT_ONCE = { waitForCompletionTimeoutMs: 0 }

export function idempotency(suite: Suite): void {
  const { idempotencyWindowMs } = suite.harness
  if (idempotencyWindowMs === undefined || !suite.offers('submit')) return
  sameQuery(suite)
  differentQueries(suite)
  unkept(suite, idempotencyWindowMs)
  endOfKey(suite, idempotencyWindowMs)
}

function sameQuery({ harness, test }: Suite): void {
  test('the store says that it obeys keys', async ({ store }) => {
    assert.equal(store.idempotentSubmit, true)
  })

  test('submit with a known key starts nothing and answers with the query that runs', async (subject) => {
    const id = await subject.running({ idempotency: KEY })
    assert.equal(await subject.running({ idempotency: KEY }), id)
    assert.equal((await harness.countRunning?.()) ?? 1, 1)
  })

  test('submit with a known key answers with the result of a kept query', async (subject) => {
    const first = await subject.submit('completes', { ...FOREVER, idempotency: KEY })
    assert.deepEqual(await subject.submit('completes', { ...FOREVER, idempotency: KEY }), first)
  })

  test('submits at the same time with one key start one query', async (subject) => {
    const submits = Array.from({ length: 8 }, () =>
      subject.beginSubmit('keepsRunning', { idempotency: KEY }).end(),
    )
    const ids = (await Promise.all(submits)).map((query) => query.id)
    assert.deepEqual(ids, Array(8).fill(ids[0]))
    assert.equal((await harness.countRunning?.()) ?? 1, 1)
  })

  test('each submit with one key waits as long as it asks', async (subject) => {
    assertRunning(await subject.submit('completesLater', { ...AT_ONCE, idempotency: KEY }))
    const waiting = subject.beginSubmit('completesLater', { ...FOREVER, idempotency: KEY })
    assertRunning(await subject.submit('completesLater', { ...AT_ONCE, idempotency: KEY }))
    waiting.assertPending()
    await subject.release()
    assertCompleted(await waiting.end(), harness.outcomes.completes)
  })

  test('submit with a known key does not move the expiry', async (subject) => {
    const options = { idempotency: KEY, keepAliveMs: 4 * subject.stepMs }
    const id = await subject.running(options)
    await subject.advance(2)
    assert.equal(await subject.running(options), id)
    await subject.advance(3)
    assert.equal(await subject.get(id), undefined)
  })

  test('submit with a known key leaves the query to those who have its id', async (subject) => {
    const id = await subject.start('completesLater', NOT_KEPT)
    await subject.release()
    assertCompleted(
      await subject.submit('completesLater', { ...NOT_KEPT, ...FOREVER }),
      harness.outcomes.completes,
    )
    assertCompleted(await subject.get(id), harness.outcomes.completes)
  })
}

function differentQueries({ harness, test }: Suite): void {
  test('submit with a known key and another fingerprint is refused with 422', async (subject) => {
    const other = { idempotency: { ...KEY, fingerprint: 'two' } }
    const refusal = idempotencyKeyReused(KEY.key)
    await subject.running({ idempotency: KEY })
    await assertFails(subject.submit('keepsRunning', other), refusal)
    assert.equal((await harness.countRunning?.()) ?? 1, 1)
  })

  test('submits with two keys, or without any, start a query each', async (subject) => {
    const others = [{ ...KEY, key: 'C0FFEE' }, { ...KEY, key: 'c0ffee ' }, undefined, undefined]
    const ids = [await subject.running({ idempotency: KEY })]
    for (const idempotency of others) ids.push(await subject.running(idempotency && { idempotency }))
    assert.equal(new Set(ids).size, 5)
  })

  test('the key of another owner is unknown', async (subject) => {
    const ids = [await subject.running({ idempotency: KEY })]
    const half = `${alice}\ud800` as Owner
    const strangers = [mallory, half, `${alice}\udbff`, `${alice}%`, alice.toUpperCase()] as Owner[]
    for (const owner of strangers) {
      const idempotency = { ...KEY, fingerprint: `of ${owner}` }
      ids.push(await subject.running({ owner, idempotency }))
    }
    assert.equal(new Set(ids).size, 6)
    assert.equal(await subject.running({ idempotency: KEY }), ids[0])
  })
}

function unkept({ harness, test }: Suite, windowMs: number): void {
  /** Submits a query, lets it end within the wait, and lets almost all the time of its key pass. */
  async function untilAlmostForgotten(subject: Subject, query: 'completesLater' | 'failsLater') {
    const first = subject.beginSubmit(query, { ...NOT_KEPT, ...FOREVER })
    // To begin takes a moment where the backend is a network away.
    await subject.advance(1)
    await subject.release()
    await first.end().catch(() => {})
    await subject.advance(windowMs / subject.stepMs - 1)
    return first.end()
  }

  test('submit with the key of a completed query that is not kept answers the same, without an id', async (subject) => {
    const first = await untilAlmostForgotten(subject, 'completesLater')
    const again = await subject.submit('completesLater', { ...NOT_KEPT, ...AT_ONCE })
    assertCompleted(again, harness.outcomes.completes)
    assert.deepEqual([again, again.id], [first as CompletedQuery, undefined])
  })

  test('submit with the key of a failed query fails with the same error', async (subject) => {
    await errorOf(untilAlmostForgotten(subject, 'failsLater'))
    await assertFails(subject.submit('failsLater', { ...NOT_KEPT, ...AT_ONCE }), harness.outcomes.fails)
  })

  test('the key of a query that is not kept ends, however often it comes', async (subject) => {
    await untilAlmostForgotten(subject, 'completesLater')
    await subject.submit('completesLater', { ...NOT_KEPT, ...AT_ONCE })
    await subject.advance(2)
    assertRunning(await subject.submit('completesLater', { ...NOT_KEPT, ...AT_ONCE }))
  })
}

function endOfKey({ test, offers }: Suite, windowMs: number): void {
  test('a key is known as long as its query', async (subject) => {
    const steps = windowMs / subject.stepMs + 1
    const id = await subject.running({ idempotency: KEY })
    const other = { idempotency: { ...KEY, key: 'other' } }
    const finished = await subject.finished(other)
    await subject.advance(steps)
    assert.equal(await subject.running({ idempotency: KEY }), id)
    assert.equal(await subject.finished(other), finished)
  })

  test('a key ends when its query expires', async (subject) => {
    const keepAliveMs = 3 * subject.stepMs
    const options = { idempotency: KEY, keepAliveMs }
    const unkept = { ...NOT_KEPT, idempotency: { ...KEY, key: 'other' }, keepAliveMs }
    const id = await subject.running(options)
    const first = subject.beginSubmit('completesLater', { ...unkept, ...FOREVER })
    await subject.advance(1)
    await subject.release()
    await first.end()
    await subject.advance(4)
    assert.notEqual(await subject.running(options), id)
    assertRunning(await subject.submit('completesLater', { ...unkept, ...AT_ONCE }))
  })

  if (!offers('delete')) return
  test('a key ends when its query is deleted', async (subject) => {
    const id = await subject.running({ idempotency: KEY })
    await subject.delete(id)
    assert.notEqual(await subject.running({ idempotency: { ...KEY, fingerprint: 'two' } }), id)
  })
}
