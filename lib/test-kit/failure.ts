import { assertFails } from './assertions'
import { FOREVER } from './subject'
import type { Suite } from './suite'

/** Queries that fail. */
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
