import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import type { QueryResult, Rows, StoredResult, Value } from '../core/result'
import { batchesOf, isRows } from '../core/result'
import { must, shown } from './assertions'
import { readRows } from './read-rows'
import type { Subject } from './subject'
import type { Suite } from './suite'

/** Results that a reader gets batch by batch. */
export function largeResults(suite: Suite): void {
  const { completesLarge: large } = suite.harness.outcomes
  if (suite.harness.queries.completesLarge === undefined || !large) return
  reading(suite, large)
  ending(suite, large)
}

function reading({ test }: Suite, { values }: QueryResult): void {
  test('a large result comes whole and in order', async (subject) => {
    assertRows(await readRows(await subject.result(await finished(subject))), values)
  })

  test('a large result comes alike each time', async (subject) => {
    const id = await finished(subject)
    const result = await subject.result(id)
    for (const each of [result, result, await subject.result(id)]) assertRows(await readRows(each), values)
  })

  test('a large result tells how many rows it has, and what it tells about its columns is so', async (subject) => {
    const { columns, values: stored } = await subject.result(await finished(subject))
    if (isRows(stored)) return
    assert.equal(stored.rowCount, values.length)
    const flags = (is: (cell: Value | undefined) => boolean, of: 'some' | 'every') =>
      columns.map((_, index) => values[of]((row) => is(row[index])))
    if (stored.nullColumns)
      assert.deepEqual(
        [...stored.nullColumns],
        flags((cell) => !hasValue(cell), 'every'),
      )
    if (stored.multiValuedColumns) assert.deepEqual([...stored.multiValuedColumns], flags(hasSeveral, 'some'))
  })

  test('readers of a large result do not disturb each other, however fast each of them is', async (subject) => {
    const id = await finished(subject)
    const result = await subject.result(id)
    const slow = new Reader(result)
    await slow.read(1)
    const other = new Reader(await subject.result(id))
    await other.read(2)
    assertRows(await readRows(result), values)
    assertRows(await other.rest(), values)
    assertRows(await slow.rest(), values)
  })

  test('a reader who leaves a large result early leaves nothing behind', async (subject) => {
    const id = await finished(subject)
    const result = await subject.result(id)
    const reader = new Reader(result)
    await reader.read(1)
    reader.leave()
    for (const each of [result, await subject.result(id)]) assertRows(await readRows(each), values)
  })
}

function ending({ test, offers }: Suite, { values }: QueryResult): void {
  if (offers('delete')) {
    test('a large result that is deleted while it is read comes whole, or not to its end', async (subject) => {
      const id = await finished(subject)
      const reader = new Reader(await subject.result(id))
      await reader.read(1)
      await subject.delete(id)
      await assertWholeOrBroken(reader, values)
    })
  }

  test('a large result that expires while it is read comes whole, or not to its end', async (subject) => {
    const id = await finished(subject, 2 * subject.stepMs)
    const reader = new Reader(await subject.result(id))
    await reader.read(1)
    await subject.advance(3)
    assert.equal(await subject.get(id), undefined)
    await assertWholeOrBroken(reader, values)
  })
}

function finished(subject: Subject, keepAliveMs = subject.longMs): Promise<string> {
  return subject.finished({ keepAliveMs }, 'completesLarge')
}

/** Somebody who reads a result batch by batch. */
class Reader {
  readonly #batches: Iterator<Rows | Promise<Rows>>
  readonly #rows: (readonly Value[])[] = []

  constructor({ values }: StoredResult) {
    this.#batches = batchesOf(values)[Symbol.iterator]()
  }

  async read(batches: number): Promise<void> {
    for (let read = 0; read < batches; read += 1) if (!(await this.#next())) return
  }

  /** All rows, with those that have been read before. */
  async rest(): Promise<Rows> {
    while (await this.#next());
    return this.#rows
  }

  leave(): void {
    this.#batches.return?.()
  }

  async #next(): Promise<boolean> {
    const { done, value } = this.#batches.next()
    if (done) return false
    for (const row of await value) this.#rows.push(row)
    return true
  }
}

async function assertWholeOrBroken(reader: Reader, expected: Rows): Promise<void> {
  let rows: Rows
  try {
    rows = await reader.rest()
  } catch {
    return
  }
  assertRows(rows, expected)
}

/** Compares row by row: a difference of large tables would take minutes to print. */
function assertRows(rows: Rows, expected: Rows): void {
  const missing = (): string => `${rows.length} rows came in place of ${expected.length}`
  for (const [index, row] of expected.entries()) {
    must(index < rows.length, missing)
    const isEqual = isDeepStrictEqual(rows[index], row)
    must(isEqual, () => `row ${index} is ${shown(rows[index])} in place of ${shown(row)}`)
  }
  must(rows.length === expected.length, missing)
}

function hasValue(cell: Value | undefined): boolean {
  return [cell].flat().some((value) => value !== null && value !== undefined)
}

function hasSeveral(cell: Value | undefined): boolean {
  return [cell].flat().filter((value) => value !== null && value !== undefined).length > 1
}
