import assert from 'node:assert/strict'
import { assertCancelled, assertCompleted, assertFails, assertRunning } from './assertions'
import { readRows } from './read-rows'
import type { Pending, Subject } from './subject'
import { alice, FOREVER, mallory } from './subject'
import type { Suite } from './suite'

type Register = (title: string, body: (here: Subject, there: Subject) => Promise<void>) => void

/** What the requests of a second store on the same data see, which is in another process. */
export function replicas(suite: Suite): void {
  const { replica } = suite.harness
  if (!replica || !suite.offers('submit')) return
  const test: Register = (title, body) =>
    suite.test(title, async (subject) => {
      const there = subject.in(await replica.call(suite.harness, subject.store))
      try {
        await body(subject, there)
      } finally {
        await there.store.close?.()
      }
    })
  reading(suite, test)
  waiting(suite, test)
  ending(suite, test)
  strangers(suite, test)
}

/** The outcome of a call. Stores that hear nothing of each other have to ask, which takes time. */
async function inTime<T>(subject: Subject, call: Pending<T>): Promise<T> {
  for (let steps = 0; steps < 20 && !call.isSettled; steps += 1) await subject.advance(1)
  return call.end()
}

function reading({ harness, offers }: Suite, test: Register): void {
  const { outcomes } = harness

  test('the other store answers about running, finished and failed queries as the first one', async (here, there) => {
    const running = await here.running()
    assertRunning(await there.get(running))
    const finished = await here.finished()
    assert.deepEqual(await there.get(finished), await here.get(finished))
    assertCompleted(await there.get(finished), outcomes.completes)
    await assertFails(there.get(await here.failed()), outcomes.fails)
  })

  if (outcomes.completesLarge && harness.queries.completesLarge !== undefined) {
    const { values } = outcomes.completesLarge
    test('a large result comes whole from the other store', async (here, there) => {
      const rows = await readRows(await there.result(await here.finished({}, 'completesLarge')))
      assert.deepEqual(rows, values)
    })
  }

  test('a get in the other store moves the expiry for both', async (here, there) => {
    const id = await here.finished({ keepAliveMs: 4 * here.stepMs })
    await there.get(id, { keepAliveMs: 8 * here.stepMs })
    await here.advance(6)
    for (const store of [here, there]) assertCompleted(await store.get(id), outcomes.completes)
    await here.advance(4)
    for (const store of [here, there]) assert.equal(await store.get(id), undefined)
  })

  if (offers('list')) {
    test('the other store lists running queries', async (here, there) => {
      const id = await here.running()
      assert.deepEqual(await there.listedIds(), [id])
      assert.deepEqual(await there.listedIds({ owner: mallory }), [])
    })
  }

  if (harness.idempotencyWindowMs === undefined) return
  test('submits at the same time in both stores with one key start one query', async (here, there) => {
    const idempotency = { key: 'c0ffee', fingerprint: 'one' }
    const submits = Array.from({ length: 8 }, (_, n) =>
      (n % 2 === 0 ? here : there).beginSubmit('keepsRunning', { idempotency }).end(),
    )
    const ids = (await Promise.all(submits)).map((query) => query.id)
    assert.deepEqual(ids, Array(8).fill(ids[0]))
    assert.equal((await harness.countRunning?.()) ?? 1, 1)
  })
}

function waiting({ harness: { outcomes }, offers }: Suite, test: Register): void {
  test('a thousand waits in the other store end when the query completes', async (here, there) => {
    const id = await here.start('completesLater')
    const waits = Array.from({ length: 1_000 }, () => there.beginGet(id, FOREVER))
    await here.advance(1)
    for (const wait of waits) wait.assertPending()
    await here.release()
    for (const wait of waits) assertCompleted(await inTime(here, wait), outcomes.completes)
  })

  test('a wait in the other store ends with the error when the query fails', async (here, there) => {
    const wait = there.beginGet(await here.start('failsLater'), FOREVER)
    await here.advance(1)
    await here.release()
    await assertFails(inTime(here, wait), outcomes.fails)
  })

  test('a wait in the other store ends at its own time', async (here, there) => {
    const id = await here.running()
    const wait = there.beginGet(id, { waitForCompletionTimeoutMs: 3 * here.stepMs })
    await here.advance(2)
    wait.assertPending()
    await here.advance(2)
    assertRunning(await wait.end())
  })

  if (!offers('delete')) return
  test('a wait in the other store ends with task_cancelled_exception when the query is deleted', async (here, there) => {
    const id = await here.running()
    const wait = there.beginGet(id, FOREVER)
    await here.advance(1)
    await here.delete(id)
    await assertCancelled(inTime(here, wait))
  })
}

function ending({ harness, offers }: Suite, test: Register): void {
  const { stopped } = harness.outcomes
  if (offers('stop') && stopped) {
    test('a stop in the other store ends the query and keeps its rows', async (here, there) => {
      const id = await here.running()
      const query = await inTime(here, there.beginStop(id))
      assertCompleted(query, stopped)
      assert.equal(query.isPartial, true)
      for (const store of [here, there]) assert.deepEqual(await store.get(id), query)
      assert.equal((await harness.countRunning?.()) ?? 0, 0)
    })
  }

  if (!offers('delete')) return
  test('a delete in the other store ends the query, and answers true once', async (here, there) => {
    const id = await here.running()
    assert.equal(await inTime(here, there.beginDelete(id)), true)
    for (const store of [here, there]) {
      assert.equal(await store.delete(id), false)
      assert.equal(await store.get(id), undefined)
    }
    // A store that hears nothing finds out later.
    for (let steps = 0; steps < 20 && ((await harness.countRunning?.()) ?? 0) > 0; steps += 1) {
      await here.advance(1)
    }
    assert.equal((await harness.countRunning?.()) ?? 0, 0)
  })

  test('a caller who may delete the queries of others may in the other store too', async (here, there) => {
    const id = await here.running()
    assert.equal(await inTime(here, there.beginDelete(id, { owner: mallory }, { anyOwner: true })), true)
    assert.equal(await here.get(id), undefined)
  })
}

function strangers({ harness: { outcomes }, offers }: Suite, test: Register): void {
  test('a stranger finds, stops and deletes nothing in the other store', async (here, there) => {
    const ids = [await here.running(), await here.finished(), await here.failed()]
    const before = await Promise.all(ids.slice(0, 2).map((id) => here.get(id)))
    for (const id of ids) {
      assert.equal(await there.get(id, { owner: mallory, ...FOREVER }), undefined)
      if (offers('stop')) assert.equal(await there.stop(id, { owner: mallory }), undefined)
      if (offers('delete')) assert.equal(await there.delete(id, { owner: mallory }), false)
    }
    assert.deepEqual(await Promise.all(ids.slice(0, 2).map((id) => here.get(id, { owner: alice }))), before)
  })

  test('a stranger moves no expiry in the other store', async (here, there) => {
    const id = await here.finished({ keepAliveMs: 4 * here.stepMs })
    assert.equal(await there.get(id, { owner: mallory, keepAliveMs: here.longMs }), undefined)
    await here.advance(2)
    assertCompleted(await here.get(id), outcomes.completes)
    await here.advance(3)
    assert.equal(await here.get(id), undefined)
  })
}
