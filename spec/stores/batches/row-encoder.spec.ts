import type { Rows, Value } from '../../../lib/core/result'
import { unpackChunk } from '../../../lib/stores/batches/chunk'
import { RowEncoder } from '../../../lib/stores/batches/row-encoder'

const COLUMNS = [
  { name: 'n', type: 'long' },
  { name: 'name', type: 'keyword' },
  { name: 'gone', type: 'keyword' },
] as const

function encoder(put?: (chunk: Uint8Array) => void) {
  const chunks: Uint8Array[] = []
  return { chunks, rows: new RowEncoder(COLUMNS, put ?? ((chunk) => void chunks.push(chunk))) }
}

async function decoded(chunks: readonly Uint8Array[]): Promise<Rows> {
  return (await Promise.all(chunks.map(unpackChunk))).flat()
}

function batchesOf(count: number, size: number): Value[][][] {
  return Array.from({ length: count }, (_, batch) =>
    Array.from({ length: size }, (_, row) => [batch * size + row, 'some text '.repeat(5), null]),
  )
}

describe('RowEncoder', () => {
  it('makes chunks of bounded size across batches of any size, with all rows in order', async () => {
    for (const [count, size] of [
      [20_000, 1],
      [1, 20_000],
      [41, 499],
    ] as const) {
      const { rows, chunks } = encoder()
      const batches = batchesOf(count, size)
      for (const batch of batches) await rows.add(batch)
      expect(rows.pending).toBeLessThan(256 * 1024)
      await rows.flush()
      expect(rows.pending).toBe(0)
      expect(chunks.length).toBeGreaterThan(3)
      expect(await decoded(chunks)).toEqual(batches.flat())
      expect(rows.found.rowCount).toBe(count * size)
    }
  })

  it('finds the columns without a value, and those with several', async () => {
    const { rows } = encoder()
    await rows.add([
      [1, ['a'], []],
      [
        [2, 3],
        ['b', null],
        [null, null],
      ],
    ])
    expect(rows.found).toEqual({
      rowCount: 2,
      nullColumns: [false, false, true],
      multiValuedColumns: [true, false, false],
    })
  })

  it('keeps no row of the engine, which may use its arrays again', async () => {
    const { rows } = encoder()
    const row: Value[] = [1, 'a', null]
    const batch = [row]
    await rows.add(batch)
    row[0] = 2
    await rows.add(batch)
    expect(rows.takeRows()).toEqual([
      [1, 'a', null],
      [2, 'a', null],
    ])
  })

  it.each<[string, unknown, string]>([
    ['is no array', 'x', '`values` must be an array of rows'],
    ['is a row', [1, 'a', null], 'Row 1 of `values` must be an array of 3 cells'],
    [
      'has a wrong cell, which it counts from the first batch on',
      [
        [1, 'a', null],
        ['x', 'a', null],
      ],
      'Row 2 of `values`: column `n` of type `long` cannot hold this string, it takes an integer from -2^63 to 2^63 - 1, beyond 2^53 as a bigint or decimal text',
    ],
  ])('refuses a batch that %s', async (_what, batch, message) => {
    const { rows } = encoder()
    await rows.add([[1, 'a', null]])
    await expect(rows.add(batch)).rejects.toThrow(new TypeError(message))
  })

  it('waits until a chunk is kept, and fails with what keeps it', async () => {
    const { rows } = encoder(() => {
      throw new RangeError('full')
    })
    await expect(rows.add(batchesOf(1, 20_000)[0])).rejects.toThrow(new RangeError('full'))
  })

  it('lets others run while batches without rows come', async () => {
    const { rows } = encoder()
    let isOver = false
    setTimeout(() => {
      isOver = true
    }, 20)
    while (!isOver) await rows.add([])
    expect(isOver).toBe(true)
  })

  it('lets others run while it encodes a large batch', async () => {
    const { rows } = encoder()
    let turns = 0
    const count = (): void => {
      turns += 1
      timer = setImmediate(count)
    }
    let timer = setImmediate(count)
    await rows.add(batchesOf(1, 50_000)[0])
    clearImmediate(timer)
    expect(turns).toBeGreaterThan(10)
  })
})
