import fc from 'fast-check'
import type { QueryResult, StoredResult } from '../../lib/core/result'
import type { CompletedQuery } from '../../lib/core/store'
import { rowsOf } from '../../lib/formats/admission'
import type { Piece, Writer } from '../../lib/formats/writer'
import type { Output } from '../../lib/request/command'
import { AnswerCache } from '../../lib/router/answer-cache'
import { freezeResult } from '../../lib/stores/execution/frozen-result'
import { collectGarbage } from '../support/memory-heap'
import { completed, plain, tableOf, textOf } from '../support/tables'

const JSON_OUTPUT: Output = {
  format: { format: 'json', contentType: 'application/json', header: true },
  presentation: plain,
}

/** Writes each row as a line of cells, and counts its calls. */
function countingWriter(): { write: Writer; written: () => number } {
  let written = 0
  const write: Writer = (query) => {
    written += 1
    if (query.isRunning) return ['running']
    return rowsOf(query.result.values).map((row) => `${row.join()}\n`)
  }
  return { write, written: () => written }
}

async function frozen(...rows: string[][]): Promise<StoredResult> {
  return (await freezeResult(tableOf(...rows))).result
}

/** Reads an answer several times. Returns how often it was written, and its last text. */
function readTimes(answers: AnswerCache, query: CompletedQuery, times: number, output = JSON_OUTPUT) {
  const { write, written } = countingWriter()
  let text = ''
  for (let time = 0; time < times; time += 1) text = textOf(answers.chunks(query, output, write))
  return { text, written: written() }
}

describe('AnswerCache', () => {
  const BUDGET = 800

  it('writes the answers of a frozen result twice, and then keeps them', async () => {
    const answers = new AnswerCache(BUDGET)
    const query = completed(await frozen(['a', 'b'], ['c', 'ä']))
    expect(readTimes(answers, query, 5)).toEqual({ text: 'a,b\nc,ä\n', written: 2 })
    expect(answers.bytes).toBe(Buffer.byteLength('a,b\nc,ä\n'))
  })

  it('keeps one answer for all snapshots of a result', async () => {
    const answers = new AnswerCache(BUDGET)
    const result = await frozen(['a'])
    readTimes(answers, completed(result), 2)
    expect(readTimes(answers, completed(result), 1)).toEqual({ text: 'a\n', written: 0 })
  })

  it('joins the chunks of an answer that it keeps', async () => {
    const answers = new AnswerCache(BUDGET)
    const query = completed(await frozen(['a'], ['b']))
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
  ])('writes again what has another %s', async (_, change) => {
    const answers = new AnswerCache(BUDGET)
    const query = {
      ...completed(await frozen(['a'])),
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
  ])('writes again for a request with another %s', async (_, output) => {
    const answers = new AnswerCache(BUDGET)
    const query = completed(await frozen(['a']))
    readTimes(answers, query, 3)
    expect(readTimes(answers, query, 1, output).written).toBe(1)
    expect(answers.bytes).toBe(0)
  })

  it('keeps nothing of a result without isFrozen, even if its objects are frozen', () => {
    const answers = new AnswerCache(BUDGET)
    const values = Object.freeze([Object.freeze(['a'])])
    const frozen: QueryResult = Object.freeze({ columns: Object.freeze([...tableOf(['a']).columns]), values })
    for (const result of [frozen, tableOf(['a'])]) {
      expect(readTimes(answers, completed(result), 4).written).toBe(4)
    }
  })

  it('keeps nothing of running queries', () => {
    const answers = new AnswerCache(BUDGET)
    const { write, written } = countingWriter()
    for (const _ of [1, 2, 3]) textOf(answers.chunks({ isRunning: true, id: 'a' }, JSON_OUTPUT, write))
    expect(written()).toBe(3)
  })

  it('keeps nothing without a budget', async () => {
    const answers = new AnswerCache(0)
    expect(readTimes(answers, completed(await frozen(['a'])), 4).written).toBe(4)
  })

  it('keeps no answer that takes more than an eighth of the budget', async () => {
    const answers = new AnswerCache(BUDGET)
    const large = completed(await frozen(['x'.repeat(BUDGET / 8)]))
    expect(readTimes(answers, large, 4).written).toBe(4)
    expect(answers.bytes).toBe(0)
  })

  it('keeps no answer to a request with long parameters', async () => {
    const answers = new AnswerCache(BUDGET)
    const output = { ...JSON_OUTPUT, presentation: { ...plain, filterPath: 'v'.repeat(1_024) } }
    expect(readTimes(answers, completed(await frozen(['a'])), 4, output).written).toBe(4)
  })

  it('drops the oldest answers to make room for new ones', async () => {
    const answers = new AnswerCache(BUDGET)
    const queries: CompletedQuery[] = []
    for (let index = 0; index < 9; index += 1) queries.push(completed(await frozen([`${index}`.repeat(98)])))
    for (const query of queries) readTimes(answers, query, 2)
    const written = queries.map((query) => readTimes(answers, query, 1).written)
    // The ninth replaced the first. Reading the first again replaces the second, and so on.
    expect(written).toEqual(Array.from({ length: 9 }, () => 1))
    expect(answers.bytes).toBe(8 * 99)
    expect(readTimes(answers, queries[8] as CompletedQuery, 1).written).toBe(0)
  })

  it('drops an answer when the client leaves before it is complete', async () => {
    const answers = new AnswerCache(BUDGET)
    const query = completed(await frozen(['a'], ['b']))
    readTimes(answers, query, 1)
    const { write } = countingWriter()
    for (const _ of answers.chunks(query, JSON_OUTPUT, write)) break
    expect(answers.bytes).toBe(0)
    expect(readTimes(answers, query, 2)).toEqual({ text: 'a\nb\n', written: 1 })
  })

  it('collects an answer once, however many clients read it at the same time', async () => {
    const answers = new AnswerCache(BUDGET)
    const query = completed(await frozen(['a'], ['b']))
    readTimes(answers, query, 1)
    const { write } = countingWriter()
    const readers = [1, 2, 3].map(() => answers.chunks(query, JSON_OUTPUT, write)[Symbol.iterator]())
    for (const reader of readers) reader.next()
    expect(answers.bytes).toBe(2)
    for (const reader of readers) reader.return?.()
    expect(answers.bytes).toBe(0)
  })

  it('gives an answer in slices', async () => {
    const answers = new AnswerCache(8 * 2 ** 20)
    const query = completed(await frozen(['x'.repeat(150_000)]))
    const { text } = readTimes(answers, query, 2)
    const slices = [...answers.chunks(query, JSON_OUTPUT, () => [])] as Uint8Array[]
    expect(slices.map(({ length }) => length)).toEqual([65_536, 65_536, 150_001 - 2 * 65_536])
    expect(textOf(slices)).toBe(text)
  })

  it('counts a dropped answer until the last client has read it', async () => {
    const answers = new AnswerCache(BUDGET)
    const query = completed(await frozen(['x'.repeat(98)]))
    readTimes(answers, query, 2)
    const readers = [1, 2].map(() => answers.chunks(query, JSON_OUTPUT, () => [])[Symbol.iterator]())
    for (const reader of readers) reader.next()
    const pretty = { ...JSON_OUTPUT, presentation: { ...plain, pretty: true } }
    readTimes(answers, query, 1, pretty)
    expect(answers.bytes).toBe(99)
    readers[0]?.next()
    expect(answers.bytes).toBe(99)
    readers[1]?.return?.()
    expect(answers.bytes).toBe(0)
  })

  it('keeps answers while clients read them, and then has no room for others', async () => {
    const answers = new AnswerCache(BUDGET)
    const queries = await Promise.all(
      Array.from({ length: 9 }, async (_, index) => completed(await frozen([`${index}`.repeat(98)]))),
    )
    const first = queries.slice(0, 8)
    for (const query of first) readTimes(answers, query, 2)
    const readers = first.map((query) => answers.chunks(query, JSON_OUTPUT, () => [])[Symbol.iterator]())
    for (const reader of readers) reader.next()
    const last = queries[8] as CompletedQuery
    expect(readTimes(answers, last, 4).written).toBe(4)
    for (const reader of readers) reader.return?.()
    expect(readTimes(answers, last, 2).written).toBe(1)
  })

  it('gives at most half of the budget to incomplete answers', async () => {
    const answers = new AnswerCache(BUDGET)
    const queries = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => completed(await frozen([`${index}`.repeat(90)], ['']))),
    )
    for (const query of queries) readTimes(answers, query, 1)
    const { write } = countingWriter()
    const slow = queries.map((query) => answers.chunks(query, JSON_OUTPUT, write)[Symbol.iterator]())
    for (const reader of slow) reader.next()
    expect(answers.bytes).toBe(4 * 91)
    for (const reader of slow) reader.return?.()
    expect(answers.bytes).toBe(0)
  })

  it('drops the answers of a result that is garbage', async () => {
    const answers = new AnswerCache(BUDGET)
    const read = async () => readTimes(answers, completed(await frozen(['a'])), 2)
    await read()
    expect(answers.bytes).toBe(2)
    for (let times = 0; times < 50 && answers.bytes > 0; times += 1) await collectGarbage()
    expect(answers.bytes).toBe(0)
  })

  it('gives what the writer writes, within the budget, however many clients read and leave at the same time', async () => {
    const results = await Promise.all(
      [20, 60, 90, 98, 100].map((length) => frozen(['x'.repeat(length - 8)], ['yy'], ['zzz'])),
    )
    const write: Writer = (query) => {
      if (query.isRunning) return []
      return [String(query.expirationTimeMs), ...rowsOf(query.result.values).map(String)]
    }
    const step = fc.record({
      result: fc.nat({ max: results.length - 1 }),
      expirationTimeMs: fc.nat({ max: 1 }),
      // Which reader goes on, and whether it leaves.
      reader: fc.nat({ max: 20 }),
      does: fc.constantFrom('begin', 'begin', 'read', 'read', 'read', 'read', 'leave'),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const answers = new AnswerCache(BUDGET)
        const reading: { chunks: Iterator<Piece>; text: string; expected: string }[] = []
        for (const { result, expirationTimeMs, reader: index, does } of steps) {
          const at = index % Math.max(1, reading.length)
          const reader = reading[at]
          if (does === 'begin') {
            const query = { ...completed(results[result] as QueryResult), expirationTimeMs }
            const chunks = answers.chunks(query, JSON_OUTPUT, write)[Symbol.iterator]()
            reading.push({ chunks, text: '', expected: textOf(write(query, plain)) })
          } else if (reader && does === 'leave') {
            reader.chunks.return?.()
            reading.splice(at, 1)
          } else if (reader) {
            const next = reader.chunks.next()
            if (!next.done) reader.text += textOf([next.value])
            else expect(reading.splice(at, 1)[0]?.text).toBe(reader.expected)
          }
          expect(answers.bytes).toBeGreaterThanOrEqual(0)
          expect(answers.bytes).toBeLessThanOrEqual(BUDGET)
        }
        for (const { chunks, text, expected } of reading) expect(text + textOf(rest(chunks))).toBe(expected)
        // The cache counts only what it keeps: when it has dropped everything, the count is 0.
        const label = { ...JSON_OUTPUT, presentation: { ...plain, filterPath: 'v'.repeat(1_024) } }
        for (const result of results) answers.chunks(completed(result), label, write)
        expect(answers.bytes).toBe(0)
      }),
      { numRuns: 500 },
    )
  })

  function* rest<T>(chunks: Iterator<T>): Generator<T> {
    for (let next = chunks.next(); !next.done; next = chunks.next()) yield next.value
  }
})
