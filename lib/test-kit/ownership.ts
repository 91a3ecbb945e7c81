import assert from 'node:assert/strict'
import type { Owner } from '../core/caller'
import { assertFails, assertRunning } from './assertions'
import { alice, FOREVER, mallory, STATES } from './subject'
import type { Suite } from './suite'

const BY_MALLORY = { owner: mallory }

export function ownership(suite: Suite): void {
  strangers(suite)
  lookalikes(suite)
  if (suite.offers('delete')) taskCancellers(suite)
}

function strangers(suite: Suite): void {
  const { harness, test, offers } = suite

  for (const method of ['get', 'stop', 'delete'] as const) {
    if (method !== 'get' && !offers(method)) continue
    for (const state of STATES) {
      test(`${method} answers a stranger as for an unknown id about a ${state} query`, async (subject) => {
        const id = await subject[state]()
        const answer = await subject[method](id, BY_MALLORY)
        assert.equal(answer, method === 'delete' ? false : undefined)
        assert.equal(answer, await subject[method](subject.unknownId, BY_MALLORY))
      })
    }
  }

  test("a stranger's get does not move the expiry", async (subject) => {
    const id = await subject.running({ keepAliveMs: 4 * subject.stepMs })
    await subject.get(id, { ...BY_MALLORY, keepAliveMs: subject.stepMs })
    await subject.advance(2)
    assertRunning(await subject.get(id))
    await subject.get(id, { ...BY_MALLORY, keepAliveMs: 20 * subject.stepMs })
    await subject.advance(3)
    assert.equal(await subject.get(id), undefined)
  })

  test("a stranger's get does not wait", async (subject) => {
    const id = await subject.running()
    assert.equal(await subject.get(id, { ...BY_MALLORY, ...FOREVER }), undefined)
  })

  if (offers('stop')) {
    test("a stranger's stop does not stop the query", async (subject) => {
      const id = await subject.running()
      await subject.stop(id, BY_MALLORY)
      assertRunning(await subject.get(id))
    })
  }

  if (offers('delete')) {
    test("a stranger's delete deletes nothing", async (subject) => {
      const [running, finished] = [await subject.running(), await subject.finished()]
      const failed = await subject.failed()
      for (const id of [running, finished, failed]) await subject.delete(id, BY_MALLORY)
      assertRunning(await subject.get(running))
      assert.equal((await subject.get(finished))?.isRunning, false)
      await assertFails(subject.get(failed), harness.outcomes.fails)
    })
  }
}

function lookalikes({ test }: Suite): void {
  test('owners that merely look alike are strangers', async (subject) => {
    // Half of a surrogate pair is no character: UTF-8 writes all of them as U+FFFD.
    const half = `${alice}\ud800` as Owner
    const ids = [await subject.running(), await subject.running({ owner: half })]
    const similar = ['', '%', '*', ` ${alice}`, `${alice} `, `${alice}%`, alice.slice(0, -1)]
    const halves = [`${alice}\udbff`, `${alice}\udc00`, `${alice}\ufffd`]
    for (const owner of [...similar, ...halves, alice.toUpperCase()] as Owner[]) {
      for (const id of ids) {
        assert.equal(
          await subject.get(id, { owner }),
          undefined,
          `the owner ${JSON.stringify(owner)} finds a query of another`,
        )
      }
    }
    assertRunning(await subject.get(ids[1] ?? '', { owner: half }))
  })
}

function taskCancellers({ test }: Suite): void {
  for (const state of STATES) {
    test(`delete with anyOwner deletes the ${state} query of another owner`, async (subject) => {
      const id = await subject[state]()
      assert.equal(await subject.delete(id, BY_MALLORY, { anyOwner: true }), true)
      assert.equal(await subject.get(id), undefined)
    })
  }

  test('delete with anyOwner: false deletes nothing of another owner', async (subject) => {
    const id = await subject.running()
    assert.equal(await subject.delete(id, BY_MALLORY, { anyOwner: false }), false)
    assertRunning(await subject.get(id))
  })

  test('delete with anyOwner answers false for an unknown id', async (subject) => {
    assert.equal(await subject.delete(subject.unknownId, BY_MALLORY, { anyOwner: true }), false)
  })
}
