import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import type { WaitOptions } from '../core/operations'
import type { AsyncQuery } from '../core/store'
import { assertCompleted, assertFails, assertRunning } from './assertions'
import type { Pending, Subject } from './subject'
import { FOREVER } from './subject'
import type { Suite } from './suite'

type Method = 'submit' | 'get'

/** Begins a wait for a query that is not finished. */
async function begin(
  method: Method,
  subject: Subject,
  query: 'completesLater' | 'keepsRunning' | 'failsLater',
  options: WaitOptions,
): Promise<Pending<AsyncQuery | undefined>> {
  if (method === 'submit') return subject.beginSubmit(query, options)
  return subject.beginGet(await subject.start(query), options)
}

/** How long a submit or get waits, and what ends it. */
export function waiting(suite: Suite): void {
  if (suite.offers('submit')) waitingIn('submit', suite)
  waitingIn('get', suite)
  waitingTogether(suite)
  leavingNothingBehind(suite)
}

function waitingIn(method: Method, { harness: { outcomes }, test }: Suite): void {
  test(`${method} answers at once with a wait of 0`, async (subject) => {
    const wait = await begin(method, subject, 'keepsRunning', { waitForCompletionTimeoutMs: 0 })
    assertRunning(await wait.end())
  })

  test(`${method} answers with the running query when the wait is over, and not before`, async (subject) => {
    const waitForCompletionTimeoutMs = 3 * subject.stepMs
    const wait = await begin(method, subject, 'keepsRunning', { waitForCompletionTimeoutMs })
    await subject.advance(2)
    wait.assertPending()
    await subject.advance(2)
    assertRunning(await wait.end())
  })

  test(`${method} ends its wait when the query completes`, async (subject) => {
    const wait = await begin(method, subject, 'completesLater', {
      waitForCompletionTimeoutMs: subject.longMs,
    })
    await subject.advance(1)
    wait.assertPending()
    await subject.release()
    assertCompleted(await wait.end(), outcomes.completes)
  })

  test(`${method} waits until the query completes with a wait of Infinity`, async (subject) => {
    const wait = await begin(method, subject, 'completesLater', FOREVER)
    await subject.advance(5)
    wait.assertPending()
    await subject.release()
    assertCompleted(await wait.end(), outcomes.completes)
  })

  test(`${method} ends its wait with the error when the query fails`, async (subject) => {
    const wait = await begin(method, subject, 'failsLater', FOREVER)
    await subject.advance(1)
    await subject.release()
    await assertFails(wait.end(), outcomes.fails)
  })

  test(`${method} ends its wait without an error when its signal fires, and the query runs on`, async (subject) => {
    const controller = new AbortController()
    const wait = await begin(method, subject, 'completesLater', { ...FOREVER, signal: controller.signal })
    await subject.advance(1)
    wait.assertPending()
    controller.abort()
    const query = await wait.end()
    assertRunning(query)
    assertRunning(await subject.get(query.id))
    await subject.release()
    assertCompleted(await subject.get(query.id, FOREVER), outcomes.completes)
  })

  test(`${method} does not wait when its signal has fired already`, async (subject) => {
    const wait = await begin(method, subject, 'keepsRunning', { ...FOREVER, signal: AbortSignal.abort() })
    assertRunning(await wait.end())
  })
}

function waitingTogether({ harness: { outcomes }, test }: Suite): void {
  test('get answers at once about a finished query, however long the wait', async (subject) => {
    const id = await subject.finished()
    for (const waitForCompletionTimeoutMs of [subject.longMs, Number.POSITIVE_INFINITY]) {
      assertCompleted(await subject.get(id, { waitForCompletionTimeoutMs }), outcomes.completes)
    }
  })

  test('a hundred waits on one query all end when it completes', async (subject) => {
    const id = await subject.start('completesLater')
    const waits = Array.from({ length: 100 }, () => subject.beginGet(id, FOREVER))
    await subject.advance(1)
    await subject.release()
    for (const wait of waits) assertCompleted(await wait.end(), outcomes.completes)
  })

  test('waits on one query end each at its own time', async (subject) => {
    const id = await subject.running()
    const shorter = subject.beginGet(id, { waitForCompletionTimeoutMs: 2 * subject.stepMs })
    const longer = subject.beginGet(id, { waitForCompletionTimeoutMs: 6 * subject.stepMs })
    await subject.advance(4)
    assertRunning(await shorter.end())
    longer.assertPending()
    await subject.advance(4)
    assertRunning(await longer.end())
  })

  test('a signal ends only the wait that it was given to', async (subject) => {
    const controller = new AbortController()
    const id = await subject.start('completesLater')
    const ended = subject.beginGet(id, { ...FOREVER, signal: controller.signal })
    const other = subject.beginGet(id, FOREVER)
    controller.abort()
    assertRunning(await ended.end())
    await subject.advance(1)
    other.assertPending()
    await subject.release()
    assertCompleted(await other.end(), outcomes.completes)
  })
}

function leavingNothingBehind({ harness, test }: Suite): void {
  test('a wait that has ended leaves no listener on its signal', async (subject) => {
    const { signal } = new AbortController()
    const id = await subject.start('completesLater')
    const waits = [FOREVER, { waitForCompletionTimeoutMs: subject.stepMs }].map((options) =>
      subject.beginGet(id, { ...options, signal }),
    )
    await subject.advance(2)
    await subject.release()
    await Promise.all(waits.map((wait) => wait.end()))
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  })

  if (!harness.pendingTimers) return
  test('a wait that has ended leaves no timer', async (subject) => {
    const controller = new AbortController()
    const id = await subject.start('completesLater')
    const before = harness.pendingTimers?.()
    const options = { waitForCompletionTimeoutMs: subject.longMs }
    const ended = subject.beginGet(id, { ...options, signal: controller.signal })
    const completed = subject.beginGet(id, options)
    controller.abort()
    await ended.end()
    await subject.release()
    await completed.end()
    // A store may have had timers for the running query, and needs them no more.
    const left = Number(harness.pendingTimers?.()) - Number(before)
    assert.ok(left <= 0, `waits that have ended leave timers behind: ${left}`)
  })
}
