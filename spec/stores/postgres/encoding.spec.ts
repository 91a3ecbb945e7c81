import type { Value } from '../../../lib/core/result'
import { unpackAll } from '../../../lib/stores/batches/chunk'
import { freezeResult } from '../../../lib/stores/execution/frozen-result'
import type { KeptChunk } from '../../../lib/stores/execution/kept-rows'
import { decodeHead, digestOf, encodeResult, queryKey } from '../../../lib/stores/postgres/encoding'
import { readRows } from '../../../lib/test-kit'

/** Pairs of owner and id that are easily taken for each other. */
const PAIRS: readonly (readonly [string, string])[] = [
  ['a', 'bc'],
  ['ab', 'c'],
  ['', 'abc'],
  ['abc', ''],
  ['1:a', 'bc'],
  ['a\0', 'bc'],
  ['a\ud800', 'bc'],
  ['a\udbff', 'bc'],
  ['a\ufffd', 'bc'],
  ['A', 'bc'],
]

describe('queryKey', () => {
  it('is another one for each pair of owner and id', () => {
    const keys = PAIRS.map(([owner, id]) => queryKey(owner, id).toString('hex'))
    expect(new Set(keys).size).toBe(PAIRS.length)
    expect(queryKey('a', 'bc').toString('hex')).toBe(keys[0])
    expect(queryKey('a', 'bc')).toHaveLength(32)
  })
})

describe('digestOf', () => {
  it('tells owners apart that UTF-8 writes alike', () => {
    const digests = ['a\ud800', 'a\udbff', 'a\ufffd'].map((owner) => digestOf(owner).toString('hex'))
    expect(new Set(digests).size).toBe(3)
  })
})

describe('encodeResult', () => {
  const columns = [
    { name: 'n', type: 'long' as const },
    { name: 'text', type: 'keyword' as const },
  ]

  it.each<[string, number, Value]>([
    ['as JSON has them in an answer', 1, 1],
    ['as that, in parts that are large enough to deflate well', 20_000, 1],
    ['in exact JSON, where JSON has not all of their values', 1, 2n ** 60n],
  ])('keeps rows %s', async (_, count, n) => {
    const values = Array.from({ length: count }, (_, index): Value[] => [n, `some text ${index}`])
    const { result } = await freezeResult({ columns, values }, { asJson: true })
    const { head, chunks } = await encodeResult(result)
    const { found } = await decodeHead(head)
    const kept = await Promise.all(chunks.map((chunk: KeptChunk) => unpackAll(chunk as Uint8Array, found)))
    const rows = await Promise.all(kept.map((each) => readRows({ columns, values: each })))
    expect(rows.flat()).toEqual(values)
    expect(found).toEqual({
      rowCount: count,
      nullColumns: [false, false],
      multiValuedColumns: [false, false],
    })
    expect(kept.map(Array.isArray)).toEqual(chunks.map(() => n !== 1))
    expect(chunks.length).toBe(count > 1 ? 2 : 1)
  })
})
