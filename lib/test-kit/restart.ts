import assert from 'node:assert/strict'
import { isQueryError } from '../core/errors'
import { assertCompleted, assertFails, must, shown } from './assertions'
import { readRows } from './read-rows'
import type { Subject } from './subject'
import { FOREVER, mallory } from './subject'
import type { Suite } from './suite'

type Register = (
  title: string,
  body: (before: Subject, restart: () => Promise<Subject>) => Promise<void>,
) => void

/** What is there when the process of a store has ended, and another one has its data. */
export function restart(suite: Suite): void {
  const { harness } = suite
  const { restart } = harness
  if (!restart || !suite.offers('submit')) return
  const test: Register = (title, body) =>
    suite.test(title, async (subject) => {
      let after: Subject | undefined
      try {
        await body(subject, async () => {
          after = subject.in(await restart.call(harness, subject.store))
          return after
        })
      } finally {
        await after?.store.close?.()
      }
    })
  surviving(suite, test)
  running(suite, test)
}

function surviving({ harness, offers }: Suite, test: Register): void {
  const { outcomes } = harness

  test('a finished query survives a restart, with every cell', async (before, restart) => {
    const id = await before.finished()
    const query = await before.get(id)
    const after = await restart()
    assert.deepEqual(await after.get(id), query)
    assertCompleted(await after.get(id, FOREVER), outcomes.completes)
  })

  test('a failed query survives a restart', async (before, restart) => {
    const id = await before.failed()
    await assertFails((await restart()).get(id), outcomes.fails)
  })

  const { completesLarge: large } = outcomes
  if (large && harness.queries.completesLarge !== undefined) {
    test('a large result survives a restart as a whole', async (before, restart) => {
      const id = await before.finished({}, 'completesLarge')
      assert.deepEqual(await readRows(await (await restart()).result(id)), large.values)
    })
  }

  test('a restart moves no expiry', async (before, restart) => {
    const id = await before.finished({ keepAliveMs: 4 * before.stepMs })
    await before.advance(2)
    const after = await restart()
    assertCompleted(await after.get(id), outcomes.completes)
    await after.advance(3)
    assert.equal(await after.get(id), undefined)
  })

  test('a stranger stays a stranger after a restart', async (before, restart) => {
    const id = await before.finished()
    assert.equal(await (await restart()).get(id, { owner: mallory }), undefined)
  })

  if (offers('delete')) {
    test('a deleted query stays deleted after a restart', async (before, restart) => {
      const id = await before.finished()
      await before.delete(id)
      assert.equal(await (await restart()).get(id), undefined)
    })
  }

  if (harness.idempotencyWindowMs === undefined) return
  test('a key is known after a restart', async (before, restart) => {
    const idempotency = { key: 'c0ffee', fingerprint: 'one' }
    const id = await before.finished({ idempotency })
    assert.equal(await (await restart()).finished({ idempotency }), id)
  })
}

function running({ harness }: Suite, test: Register): void {
  /** The same for all who ask. */
  async function ended(subject: Subject, id: string): Promise<unknown> {
    const wait = subject.beginGet(id, FOREVER)
    for (let steps = 0; steps < 50 && !wait.isSettled; steps += 1) {
      await subject.release()
      await subject.advance(1)
    }
    return wait.end().catch((error: unknown) => error)
  }

  test('a running query ends after a restart: it completes, or fails with a status from 500 on', async (before, restart) => {
    const id = await before.start('completesLater')
    const after = await restart()
    const outcome = await ended(after, id)
    if (isQueryError(outcome)) {
      must(outcome.status >= 500, () => `${shown(outcome)} has the status ${outcome.status}`)
      await assertFails(after.get(id), outcome)
    } else if (outcome instanceof Error) throw outcome
    else assertCompleted(outcome as never, harness.outcomes.completes)
  })
}
