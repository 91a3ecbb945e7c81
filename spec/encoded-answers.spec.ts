import fc from 'fast-check'
import { EncodedAnswers } from '../lib/encoded-answers'
import type { Output } from '../lib/request/command'
import type { QueryResult } from '../lib/result'
import type { CompletedQuery } from '../lib/store'
import { sealResult } from '../lib/stores/sealed-result'
import type { Writer } from '../lib/writers/writer'
import { collectGarbage } from './support/memory-heap'
import { completed, plain, tableOf, textOf } from './support/tables'

const JSON_OUTPUT: Output = {
  format: { format: 'json', contentType: 'application/json', header: true },
  presentation: plain,
}

/** Writes cells as a line for each row, and counts how often it is asked to. */
function countingWriter(): { write: Writer; written: () => number } {
  let written = 0
  const write: Writer = (query) => {
    written += 1
    if (query.isRunning) return ['running']
    return query.result.values.map((row) => `${row.join()}\n`)
  }
  return { write, written: () => written }
}

async function sealed(...rows: string[][]): Promise<QueryResult> {
  return (await sealResult(tableOf(...rows))).result
}

/** Reads an answer, as many times as asked, and says how often it was written and what the last one was. */
function readTimes(answers: EncodedAnswers, query: CompletedQuery, times: number, output = JSON_OUTPUT) {
  const { write, written } = countingWriter()
  let text = ''
  for (let time = 0; time < times; time += 1) text = textOf(answers.chunks(query, output, write))
  return { text, written: written() }
}

describe('the answers that are kept', () => {
  const BUDGET = 800

  it('are written twice, and no more', async () => {
    const answers = new EncodedAnswers(BUDGET)
    const query = completed(await sealed(['a', 'b'], ['c', 'ä']))
    expect(readTimes(answers, query, 5)).toEqual({ text: 'a,b\nc,ä\n', written: 2 })
    expect(answers.bytes).toBe(Buffer.byteLength('a,b\nc,ä\n'))
  })

  it('are those of one result for all its snapshots', async () => {
    const answers = new EncodedAnswers(BUDGET)
    const result = await sealed(['a'])
    readTimes(answers, completed(result), 2)
    expect(readTimes(answers, completed(result), 1)).toEqual({ text: 'a\n', written: 0 })
  })

  it('are one part', async () => {
    const answers = new EncodedAnswers(BUDGET)
    const query = completed(await sealed(['a'], ['b']))
    readTimes(answers, query, 2)
    expect([...answers.chunks(query, JSON_OUTPUT, () => [])]).toEqual([Buffer.from('a\nb\n')])
  })

  it.each<[string, Partial<CompletedQuery>]>([
    ['id', { id: 'b' }],
    ['expiry', { expirationTimeMs: 2 }],
    ['start', { startTimeMs: 2 }],
    ['duration', { tookNanos: 2 }],
    ['partiality', { isPartial: true }],
    ['layout', { columnar: true }],
    ['time zone', { timeZone: 'Europe/Berlin' }],
  ])('are written anew with another %s', async (_, change) => {
    const answers = new EncodedAnswers(BUDGET)
    const query = {
      ...completed(await sealed(['a'])),
      id: 'a',
      expirationTimeMs: 1,
      startTimeMs: 1,
      tookNanos: 1,
    }
    readTimes(answers, query, 3)
    expect(readTimes(answers, { ...query, ...change }, 1).written).toBe(1)
  })

  it.each<[string, Output]>([
    ['format', { ...JSON_OUTPUT, format: { ...JSON_OUTPUT.format, format: 'yaml' } }],
    ['filter', { ...JSON_OUTPUT, presentation: { ...plain, filterPath: 'values' } }],
    ['delimiter', { ...JSON_OUTPUT, presentation: { ...plain, delimiter: ';' } }],
    ['header', { ...JSON_OUTPUT, presentation: { ...plain, header: false } }],
    ['indentation', { ...JSON_OUTPUT, presentation: { ...plain, pretty: true } }],
    ['readable twins', { ...JSON_OUTPUT, presentation: { ...plain, human: true } }],
    ['columns', { ...JSON_OUTPUT, presentation: { ...plain, dropNullColumns: true } }],
  ])('are written anew with another %s', async (_, output) => {
    const answers = new EncodedAnswers(BUDGET)
    const query = completed(await sealed(['a']))
    readTimes(answers, query, 3)
    expect(readTimes(answers, query, 1, output).written).toBe(1)
    expect(answers.bytes).toBe(0)
  })

  it.each<[string, QueryResult]>([
    ['rows that can be added', { columns: Object.freeze([]), values: [] }],
    ['a row that can be changed', { columns: Object.freeze([]), values: Object.freeze([[]]) }],
    [
      'a multi-value that can be changed',
      { columns: Object.freeze([]), values: Object.freeze([Object.freeze([['a', 'b']])]) },
    ],
    [
      'a date, which can be set although it is frozen',
      { columns: Object.freeze([]), values: Object.freeze([Object.freeze([Object.freeze(new Date(0))])]) },
    ],
    ['columns that can be changed', { columns: [], values: Object.freeze([]) }],
    [
      'a profile that can be changed',
      { columns: Object.freeze([]), values: Object.freeze([]), profile: Object.freeze({ a: {} }) },
    ],
  ])('are not those of %s', (_, result) => {
    const answers = new EncodedAnswers(BUDGET)
    expect(readTimes(answers, completed(result), 4).written).toBe(4)
  })

  it('are not those of running queries', () => {
    const answers = new EncodedAnswers(BUDGET)
    const { write, written } = countingWriter()
    for (const _ of [1, 2, 3]) textOf(answers.chunks({ isRunning: true, id: 'a' }, JSON_OUTPUT, write))
    expect(written()).toBe(3)
  })

  it('are none without a budget', async () => {
    const answers = new EncodedAnswers(0)
    expect(readTimes(answers, completed(await sealed(['a'])), 4).written).toBe(4)
  })

  it('are none that take more than an eighth of the budget', async () => {
    const answers = new EncodedAnswers(BUDGET)
    const large = completed(await sealed(['x'.repeat(BUDGET / 8)]))
    expect(readTimes(answers, large, 4).written).toBe(4)
    expect(answers.bytes).toBe(0)
  })

  it('are none for which a client writes a long label', async () => {
    const answers = new EncodedAnswers(BUDGET)
    const output = { ...JSON_OUTPUT, presentation: { ...plain, filterPath: 'v'.repeat(1_024) } }
    expect(readTimes(answers, completed(await sealed(['a'])), 4, output).written).toBe(4)
  })

  it('make room for new ones, the oldest first', async () => {
    const answers = new EncodedAnswers(BUDGET)
    const queries: CompletedQuery[] = []
    for (let index = 0; index < 9; index += 1) queries.push(completed(await sealed([`${index}`.repeat(98)])))
    for (const query of queries) readTimes(answers, query, 2)
    const written = queries.map((query) => readTimes(answers, query, 1).written)
    // The first was dropped for the ninth, and so is kept again at the cost of the second, and so on.
    expect(written).toEqual(Array.from({ length: 9 }, () => 1))
    expect(answers.bytes).toBe(8 * 99)
    expect(readTimes(answers, queries[8] as CompletedQuery, 1).written).toBe(0)
  })

  it('are dropped when the client leaves before all is written', async () => {
    const answers = new EncodedAnswers(BUDGET)
    const query = completed(await sealed(['a'], ['b']))
    readTimes(answers, query, 1)
    const { write } = countingWriter()
    for (const _ of answers.chunks(query, JSON_OUTPUT, write)) break
    expect(answers.bytes).toBe(0)
    expect(readTimes(answers, query, 2)).toEqual({ text: 'a\nb\n', written: 1 })
  })

  it('are collected once, however many clients read at the same time', async () => {
    const answers = new EncodedAnswers(BUDGET)
    const query = completed(await sealed(['a'], ['b']))
    readTimes(answers, query, 1)
    const { write } = countingWriter()
    const readers = [1, 2, 3].map(() => answers.chunks(query, JSON_OUTPUT, write)[Symbol.iterator]())
    for (const reader of readers) reader.next()
    expect(answers.bytes).toBe(2)
    for (const reader of readers) reader.return?.()
    expect(answers.bytes).toBe(0)
  })

  it('go with their result', async () => {
    const answers = new EncodedAnswers(BUDGET)
    const read = async () => readTimes(answers, completed(await sealed(['a'])), 2)
    await read()
    expect(answers.bytes).toBe(2)
    for (let times = 0; times < 50 && answers.bytes > 0; times += 1) await collectGarbage()
    expect(answers.bytes).toBe(0)
  })

  it('are what the writer writes and fit the budget, in whatever order they are read', async () => {
    const results = await Promise.all([20, 60, 90, 98, 100].map((length) => sealed(['x'.repeat(length)])))
    const read = fc.record({
      result: fc.nat({ max: results.length - 1 }),
      expirationTimeMs: fc.nat({ max: 1 }),
      leaves: fc.boolean(),
    })
    const write: Writer = (query) => {
      if (query.isRunning) return []
      return [String(query.expirationTimeMs), ...query.result.values.map(String)]
    }
    fc.assert(
      fc.property(fc.array(read, { maxLength: 60 }), (reads) => {
        const answers = new EncodedAnswers(BUDGET)
        for (const { result, expirationTimeMs, leaves } of reads) {
          const query = { ...completed(results[result] as QueryResult), expirationTimeMs }
          const chunks = answers.chunks(query, JSON_OUTPUT, write)
          if (leaves) takeOne(chunks)
          else expect(textOf(chunks)).toBe(textOf(write(query, plain)))
          expect(answers.bytes).toBeLessThanOrEqual(BUDGET)
        }
      }),
    )
  })

  /** As a client that leaves before the end. */
  function takeOne(chunks: Iterable<string | Uint8Array>): void {
    for (const _ of chunks) break
  }
})
