import { JsonText } from '../../../lib/core/json-text'
import type { ColumnType, Value } from '../../../lib/core/result'
import { parseJson } from '../../../lib/json/parse'
import { freezeResult } from '../../../lib/stores/execution/frozen-result'
import { weigh, weighInTurns } from '../../../lib/stores/execution/weight'
import { collectOnce } from '../../support/memory-heap'

/** What keeps a value alive while it is measured. */
const held: unknown[] = []

/** What values take, in the heap and as buffers. */
function memoryOfValues(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** The memory when collecting garbage frees no more: what ran before in this process goes little by little. */
async function settledMemory(): Promise<number> {
  let before = Number.POSITIVE_INFINITY
  for (let times = 0; ; times += 1) {
    await collectOnce()
    const memory = memoryOfValues()
    if (before - memory < 20_000 || times === 8) return memory
    before = memory
  }
}

/** How the counted bytes compare with those that the heap grows by. */
async function measured(
  make: (count: number) => Promise<Kept>,
  item: (index: number) => unknown,
): Promise<number> {
  // What the runtime keeps of code that runs for the first time does not count.
  await make(1_000)
  const before = await settledMemory()
  const { kept, bytes } = await make(Math.min(400_000, Math.ceil(2_000_000 / Math.max(8, weigh(item(1))))))
  held.push(kept)
  // The runtime keeps the text that a regular expression has read last.
  ;/x/.test('x')
  const growth = (await settledMemory()) - before
  held.length = 0
  return bytes / growth
}

/**
 * Expects that the counted bytes are about those of the heap. The heap shrinks by itself now and then, so a measurement
 * that is far off is made again.
 */
async function expectTheWeightOfTheHeap(...measurement: Parameters<typeof measured>): Promise<void> {
  const ratios: number[] = []
  const isRight = (ratio: number): boolean => ratio > 0.9 && ratio < 3
  while (ratios.length < 8 && !ratios.some(isRight)) ratios.push(await measured(...measurement))
  expect(ratios.map(isRight)).toContain(true)
}

interface Kept {
  kept: unknown
  bytes: number
}

const many = <T>(count: number, item: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => item(index))

const text = (index: number, length: number): string => `${index}`.padStart(length, 'text')
const wide = (index: number, length: number): string => `${index}`.padStart(length, '漢字')
const document = (index: number): Value => ({
  id: index,
  at: { place: { x: index + 0.5, tags: ['a', 'b'] } },
})

/** Fields of one name each, of which no other object has any. */
const ownFields = (prefix: string, count: number): (readonly [string, Value])[] =>
  many(count, (field) => [`${prefix}_${field}`, field])

/** Cells by what they are, each with a type that keeps them. */
const CELLS: Record<string, [type: ColumnType, cell: (index: number) => Value]> = {
  'small integers': ['integer', (index) => index],
  doubles: ['double', (index) => index + 0.5],
  'integers that are doubles': ['long', (index) => 2 ** 40 + index],
  bigint: ['long', (index) => 2n ** 60n + BigInt(index)],
  booleans: ['boolean', (index) => index % 2 === 0],
  'short texts': ['keyword', (index) => text(index, 8)],
  texts: ['keyword', (index) => text(index, 30)],
  'long texts': ['keyword', (index) => text(index, 300)],
  'short CJK texts': ['keyword', (index) => wide(index, 8)],
  'CJK texts': ['keyword', (index) => wide(index, 30)],
  'texts with one CJK character': ['keyword', (index) => `漢${text(index, 200)}`],
  dates: ['date', (index) => new Date(index)],
  'lists of integers': ['integer', (index) => [index, index, index]],
  'lists of doubles': ['double', (index) => [index + 0.5, index, 0.25]],
  'lists of texts': ['keyword', (index) => [text(index, 10), text(index, 20)]],
  'empty lists': ['keyword', () => []],
  'nested objects': ['_source', document],
  'empty objects': ['_source', () => ({})],
  'objects of eight fields': [
    '_source',
    (index) => Object.fromEntries(many(8, (field) => [`field_${field}`, index])),
  ],
  'objects of fifty fields': [
    '_source',
    (index) => Object.fromEntries(many(50, (field) => [`field_${field}`, index])),
  ],
  'objects of two hundred fields': [
    '_source',
    (index) => Object.fromEntries(many(200, (field) => [`f_${field}`, index])),
  ],
  'objects with a name of their own': ['_source', (index) => Object.fromEntries(ownFields(`k${index}`, 1))],
  'objects with four names of their own': [
    '_source',
    (index) => Object.fromEntries(ownFields(`l${index}`, 4)),
  ],
}

describe('the weight of a result', () => {
  const kinds = Object.entries(CELLS).map(
    ([what, [type, cell]]) => [what, type, (index: number): Value[] => [cell(index)]] as const,
  )
  const fiftyTexts = (index: number): Value[] => many(50, (column) => text(index * column, 15))

  it.each([...kinds, ['fifty texts', 'keyword', fiftyTexts] as const])(
    'is that of the heap for rows of %s',
    async (_what, type, row) => {
      const columns = row(1).map((_, column) => ({ name: `c${column}`, type }))
      await expectTheWeightOfTheHeap(async (count) => {
        const { result, bytes } = await freezeResult({ columns, values: many(count, row) })
        return { kept: result, bytes }
      }, row)
    },
  )

  it.each([
    ['a result of many rows', 1_000],
    ['results of a row each', 1],
    ['results whose JSON is a short text', 30],
    ['results whose JSON is bytes', 100],
  ])('is that of the memory for %s, which are kept as JSON', async (_, rowsOfEach) => {
    const columns = [
      { name: 'n', type: 'long' as const },
      { name: 'x', type: 'double' as const },
      { name: 'text', type: 'keyword' as const },
    ]
    const row = (index: number): Value[] => [index, index, wide(index, 20)]
    const result = (index: number) => many(rowsOfEach, (at) => row(index + at))
    await expectTheWeightOfTheHeap(async (count) => {
      const frozen = await Promise.all(
        many(Math.ceil(count / 10), (index) =>
          freezeResult({ columns, values: result(index) }, { asJson: true }),
        ),
      )
      return {
        kept: frozen.map(({ result }) => result),
        bytes: frozen.reduce((sum, { bytes }) => sum + bytes, 0),
      }
    }, result)
  })

  it('is that of the heap for rows of JSON in its spelling', async () => {
    const columns = [{ name: 'c', type: '_source' as const }]
    const row = (index: number) => [new JsonText(`{"${text(index, 60)}": 1.0}`)]
    await expectTheWeightOfTheHeap(async (count) => {
      const { result, bytes } = await freezeResult({ columns, values: many(count, row) })
      return { kept: result, bytes }
    }, row)
  })
})

describe('the weight of what a client sends', () => {
  it.each<[string, (index: number) => Value]>([
    ['ones', () => 1],
    ['doubles', (index) => index + 0.5],
    ['CJK texts', (index) => wide(index, 20)],
    ['pairs', (index) => [index, 1]],
    ['lists in lists', (index) => [[[[index]]]]],
    ['objects', document],
    ['objects with a name of their own', (index) => Object.fromEntries(ownFields(`m${index}`, 1))],
  ])('is that of the heap for a list of %s', async (_what, item) => {
    await expectTheWeightOfTheHeap(async (count) => {
      const kept = parseJson(JSON.stringify(many(count, item)))?.value
      return { kept, bytes: weigh(kept) }
    }, item)
  })
})

describe('weigh', () => {
  it('grows with the value', () => {
    const values = [null, 'ab', ['abc'], ['abc', 1], { key: ['abc', 1] }, { key: ['abc', 1n] }]
    const weights = values.map(weigh)
    expect(weights).toEqual(weights.toSorted((a, b) => a - b))
    expect(new Set(weights).size).toBe(weights.length)
  })

  it('reads every value once', () => {
    let reads = 0
    const counted = (target: object): object =>
      new Proxy(target, {
        get(object, name, receiver) {
          if (name !== 'length') reads += 1
          return Reflect.get(object, name, receiver)
        },
      })
    weigh(counted([1, counted({ a: 'x', b: counted([1, 2, 3]) }), counted([])]))
    expect(reads).toBe(3 + 2 + 3)
  })

  it('copies no value', async () => {
    // They take some 10 MB.
    const lists = many(100_000, (index) => [index, [index]])
    const growth = many(3, () => {
      const before = process.memoryUsage().heapUsed
      weigh(lists)
      return process.memoryUsage().heapUsed - before
    })
    // What else runs in this process takes memory now and then.
    expect(Math.min(...growth)).toBeLessThan(3_000_000)
  })

  it('pauses in the middle of a large value of any kind', () => {
    const values: Record<string, Value> = {
      'a long list': many(100_000, () => 1),
      'short lists': many(50_000, () => [1]),
      objects: many(50_000, (index) => ({ a: index })),
      'long texts': many(20, (index) => text(index, 100_000)),
    }
    const pauses = Object.values(values).map((value) => [...weighInTurns(value)].length)
    expect(pauses).toEqual([6, 6, 6, 6])
    expect([...weighInTurns(many(1_000, () => 'a'))]).toEqual([])
  })

  it('refuses what no value can be', () => {
    expect(() => weigh({ a: Symbol('s') })).toThrow(new TypeError('A cell cannot be a value of type symbol'))
  })
})
