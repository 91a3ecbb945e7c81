import assert from 'node:assert/strict'
import { isQueryError } from '../core/errors'
import { assertCompleted, assertFails, assertRunning } from './assertions'
import type { Subject } from './subject'
import { FOREVER } from './subject'
import type { Suite } from './suite'

/** What a client might send where an id goes. */
const STRANGE_IDS = [
  '',
  ' ',
  '.',
  '../../_all',
  '%',
  '*',
  '__proto__',
  'constructor',
  '\0',
  '\u{1f511}',
  'x'.repeat(5_000),
  // The shape of Elasticsearch's, with a task id that is none.
  'AXgBeQ==',
]

/** A query from submit to its result. */
export function lifecycle(suite: Suite): void {
  if (suite.offers('submit')) submitting(suite)
  completing(suite)
  unknownIds(suite)
}

function submitting({ harness: { outcomes }, test }: Suite): void {
  test('submit answers with the running query and its id when it does not complete within the wait', async (subject) => {
    assertRunning(await subject.submit('keepsRunning'))
  })

  test('submit answers with the result when the query completes within the wait', async (subject) => {
    assertCompleted(await subject.submit('completes', FOREVER), outcomes.completes)
  })

  test('submit gives no id to a query that completes within the wait without keepOnCompletion', async (subject) => {
    const { id } = await subject.submit('completes', { ...FOREVER, keepOnCompletion: false })
    assert.equal(id, undefined)
  })

  test('submit keeps a query that completes within the wait with keepOnCompletion', async (subject) => {
    const submitted = await subject.submit('completes', { ...FOREVER, keepOnCompletion: true })
    assert.ok(submitted.id)
    assert.deepEqual(await subject.get(submitted.id), submitted)
  })

  test('submit gives each query an id of its own', async (subject) => {
    const submits = Array.from({ length: 20 }, () => subject.submit('keepsRunning'))
    const ids = (await Promise.all(submits)).map(({ id }) => id)
    assert.equal(new Set(ids).size, ids.length)
  })
}

function completing({ harness: { outcomes }, test }: Suite): void {
  test('get answers with the running query, without rows, while it runs', async (subject) => {
    const id = await subject.running()
    const query = await subject.get(id)
    assertRunning(query)
    assert.equal(query.id, id)
  })

  test('get answers with every column and value, exactly, when the query has completed', async (subject) => {
    const id = await complete(subject)
    assertCompleted(await subject.get(id), outcomes.completes)
  })

  test('get answers alike each time', async (subject) => {
    const id = await complete(subject)
    const first = await subject.get(id)
    assertCompleted(first, outcomes.completes)
    assert.deepEqual(await subject.get(id), first)
  })

  test('get answers with the statistics of the query', async (subject) => {
    const query = await subject.get(await complete(subject))
    assertCompleted(query, outcomes.completes)
    const { statistics = {} } = query.result
    assert.deepEqual({ ...statistics, ...outcomes.completes.statistics }, { ...statistics })
  })

  test('a query that completes after the wait is kept without keepOnCompletion too', async (subject) => {
    const id = await complete(subject, { keepOnCompletion: false })
    for (let times = 0; times < 2; times += 1) assertCompleted(await subject.get(id), outcomes.completes)
  })

  for (const [shown, keepOnCompletion] of [
    ['its id with', true],
    ['no id without', false],
  ] as const) {
    test(`a completed query shows ${shown} keepOnCompletion`, async (subject) => {
      const id = await complete(subject, { keepOnCompletion })
      assert.equal((await subject.get(id))?.id, keepOnCompletion ? id : undefined)
    })
  }

  test('a completed query is partial only when its result is', async (subject) => {
    const query = await subject.get(await complete(subject))
    assertCompleted(query, outcomes.completes)
    assert.equal(query.isPartial, outcomes.completes.isPartial ?? false)
  })

  test('a completed query shows how its request wants values and dates to be written', async (subject) => {
    const request = { columnar: true, timeZone: 'Europe/Paris' }
    const query = await subject.get(await subject.finished({ request }))
    assertCompleted(query, outcomes.completes)
    assert.deepEqual({ columnar: query.columnar, timeZone: query.timeZone }, request)
  })
}

function unknownIds({ test, offers }: Suite): void {
  for (const method of ['get', 'stop', 'delete'] as const) {
    if (method !== 'get' && !offers(method)) continue
    const nothing = method === 'delete' ? false : undefined

    test(`${method} answers an unknown id with ${nothing}`, async (subject) => {
      assert.equal(await subject[method](subject.unknownId), nothing)
    })

    test(`${method} takes what cannot be an id for an unknown one, or refuses it as invalid`, async (subject) => {
      for (const id of STRANGE_IDS) {
        const answer = await subject[method](id).catch((error: unknown) => {
          if (!isQueryError(error)) throw error
          assert.equal(error.type, 'illegal_argument_exception')
          return nothing
        })
        assert.equal(answer, nothing)
      }
    })
  }
}

export function failure({ harness: { outcomes }, test, offers }: Suite): void {
  if (offers('submit')) {
    test('submit rejects with the error of a query that fails within the wait', async (subject) => {
      for (const keepOnCompletion of [false, true]) {
        await assertFails(subject.submit('fails', { ...FOREVER, keepOnCompletion }), outcomes.fails)
      }
    })
  }

  test('get rejects with the error that the query failed with, each time it is asked for', async (subject) => {
    const id = await subject.failed()
    for (let times = 0; times < 3; times += 1) await assertFails(subject.get(id), outcomes.fails)
  })

  test('get rejects at once about a failed query, however long the wait', async (subject) => {
    const id = await subject.failed()
    await assertFails(subject.get(id, FOREVER), outcomes.fails)
  })

  test('a query that failed without keepOnCompletion is kept too', async (subject) => {
    const id = await subject.failed({ keepOnCompletion: false })
    await assertFails(subject.get(id), outcomes.fails)
  })
}

async function complete(subject: Subject, options?: Parameters<Subject['start']>[1]): Promise<string> {
  const id = await subject.start('completesLater', options)
  await subject.release()
  await subject.get(id, FOREVER)
  return id
}
