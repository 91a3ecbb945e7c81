import assert from 'node:assert/strict'
import type { Owner } from '../core/caller'
import { assertRunning } from './assertions'
import type { Subject } from './subject'
import { alice, mallory } from './subject'
import type { Suite } from './suite'

const BY_MALLORY = { owner: mallory }

export function listing(suite: Suite): void {
  if (!suite.offers('list')) return
  ownQueries(suite)
  endedQueries(suite)
  oneQuery(suite)
  foreignQueries(suite)
}

function ownQueries({ harness, test }: Suite): void {
  test('list is empty for an owner without queries', async (subject) => {
    assert.deepEqual(await subject.list(), [])
  })

  test('list has the running queries of the owner, the one that began first in front', async (subject) => {
    const ids: string[] = []
    for (let count = 0; count < 3; count += 1) {
      ids.push(await subject.running())
      await subject.advance(1)
    }
    assert.deepEqual(await subject.listedIds(), ids)
  })

  test('list tells the text of a query, when it began, and how long it has run', async (subject) => {
    const { stepMs } = subject
    const id = await subject.running()
    const started = (await subject.get(id))?.startTimeMs
    await subject.advance(3)
    const [query] = await subject.list()
    assert.equal(query?.query, harness.queries.keepsRunning)
    const { startTimeMs, runningTimeNanos } = query
    if (started !== undefined) assert.equal(Math.round(startTimeMs), Math.round(started))
    const ranMs = runningTimeNanos / 1e6
    // In real time, a step may take longer than it says.
    const longestMs = harness.advance ? 3.5 * stepMs : Number.POSITIVE_INFINITY
    assert.ok(ranMs >= 2.5 * stepMs && ranMs <= longestMs, `a query that ran 3 steps has run ${ranMs} ms`)
  })

  test('list gives ids that get takes', async (subject) => {
    await subject.running()
    const [id = ''] = await subject.listedIds()
    assertRunning(await subject.get(id))
  })

  test('list does not move the expiry', async (subject) => {
    const id = await subject.running({ keepAliveMs: 4 * subject.stepMs })
    await subject.advance(2)
    assert.deepEqual(await subject.listedIds(), [id])
    assert.deepEqual(await subject.listedIds({ id }), [id])
    await subject.advance(3)
    assert.equal(await subject.get(id), undefined)
  })
}

function endedQueries({ test, offers }: Suite): void {
  const endings: Readonly<Record<string, (subject: Subject) => Promise<string>>> = {
    finished: (subject) => subject.finished(),
    failed: (subject) => subject.failed(),
    async expired(subject) {
      const id = await subject.running({ keepAliveMs: subject.stepMs })
      await subject.advance(2)
      return id
    },
    ...(offers('stop') && {
      async stopped(subject: Subject) {
        const id = await subject.running()
        await subject.stop(id)
        return id
      },
    }),
    ...(offers('delete') && {
      async deleted(subject: Subject) {
        const id = await subject.running()
        await subject.delete(id)
        return id
      },
    }),
  }
  for (const [state, end] of Object.entries(endings)) {
    test(`list has no ${state} query`, async (subject) => {
      const running = await subject.running()
      const ended = await end(subject)
      assert.deepEqual(await subject.listedIds(), [running])
      assert.deepEqual(await subject.list({ id: ended }), [])
    })
  }
}

function oneQuery({ test }: Suite): void {
  test('list with an id has that query and no other', async (subject) => {
    const ids = [await subject.running(), await subject.running()]
    for (const id of ids) assert.deepEqual(await subject.listedIds({ id }), [id])
  })

  test('list with an unknown id is empty', async (subject) => {
    await subject.running()
    assert.deepEqual(await subject.list({ id: subject.unknownId }), [])
  })
}

function foreignQueries({ test }: Suite): void {
  test('list has no query of another owner', async (subject) => {
    const id = await subject.running()
    const half = `${alice}\ud800` as Owner
    const halfId = await subject.running({ owner: half })
    const similar = [`${alice} `, `${alice}%`, '%', '', `${alice}\udbff`, `${alice}\ufffd`] as Owner[]
    for (const owner of [mallory, ...similar, alice.toUpperCase() as Owner]) {
      assert.deepEqual(
        await subject.listedIds({ owner }),
        [],
        `the owner ${JSON.stringify(owner)} sees a query`,
      )
      assert.deepEqual(await subject.listedIds({ owner, id }), [])
    }
    assert.deepEqual(await subject.listedIds({ owner: half }), [halfId])
  })

  test('list with anyOwner has the running queries of all owners', async (subject) => {
    const ids = [await subject.running(), await subject.running(BY_MALLORY)]
    await subject.finished()
    assert.deepEqual((await subject.listedIds({ ...BY_MALLORY, anyOwner: true })).toSorted(), ids.toSorted())
    for (const id of ids)
      assert.deepEqual(await subject.listedIds({ ...BY_MALLORY, anyOwner: true, id }), [id])
  })

  test('list with anyOwner: false has no query of another owner', async (subject) => {
    const id = await subject.running()
    assert.deepEqual(await subject.listedIds({ ...BY_MALLORY, anyOwner: false }), [])
    assert.deepEqual(await subject.listedIds({ ...BY_MALLORY, anyOwner: false, id }), [])
  })
}
