import { randomBytes } from 'node:crypto'
import { WrittenRows } from '../../../lib/formats/json/written-rows'
import { packChunk, unpackAll, unpackChunk } from '../../../lib/stores/batches/chunk'
import { exactJson } from '../../../lib/stores/batches/exact-json'

describe('a chunk', () => {
  it('takes a fraction of the memory of its rows', async () => {
    const rows = Array.from({ length: 5_000 }, (_, index) => [index, `text ${index}`, null])
    const json = JSON.stringify(rows)
    const chunk = await packChunk(json)
    expect(chunk.length).toBeLessThan(json.length / 4)
    expect(chunk.buffer.byteLength).toBe(chunk.length)
    expect(await unpackChunk(chunk)).toEqual(rows)
  })

  it('is hardly larger than the rows where those cannot be deflated', async () => {
    const rows = [[randomBytes(8).toString('base64')]]
    const json = JSON.stringify(rows)
    const chunk = await packChunk(json)
    expect(chunk.length).toBe(json.length + 1)
    expect(await unpackChunk(chunk)).toEqual(rows)
  })

  it('keeps rows as an answer has them, and gives them back like that or as rows', async () => {
    const found = { rowCount: 2, nullColumns: [false, false], multiValuedColumns: [false, false] }
    const rows = [
      ['\u0001NaN', 1],
      ['x'.repeat(1_000), 2],
    ]
    for (const count of [1, 2]) {
      const json = JSON.stringify(rows.slice(0, count)).replaceAll(/,(\d)/g, ',$1.0')
      const chunk = await packChunk(json, true)
      expect(chunk[0]).toBe(count === 1 ? 2 : 3)
      expect(await unpackChunk(chunk)).toEqual(rows.slice(0, count))
      expect(await unpackAll(chunk, found)).toEqual(WrittenRows.of(found, json.slice(1, -1)))
    }
    const exact = await packChunk(`[${exactJson(['a', 2n ** 60n])}]`)
    expect(await unpackAll(exact, found)).toEqual([['a', 2n ** 60n]])
  })

  it('may lie within other bytes', async () => {
    const chunk = await packChunk('[["\u00e4"]]')
    expect(await unpackChunk(Buffer.concat([Buffer.alloc(3), chunk]).subarray(3))).toEqual([['\u00e4']])
  })

  it('of another format is refused', async () => {
    await expect(unpackChunk(Uint8Array.of(9, 1))).rejects.toThrow('A chunk of rows has the unknown format 9')
  })
})
