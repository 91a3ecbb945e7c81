import { randomBytes } from 'node:crypto'
import { packChunk, unpackChunk } from '../../../lib/stores/batches/chunk'

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

  it('may lie within other bytes', async () => {
    const chunk = await packChunk('[["\u00e4"]]')
    expect(await unpackChunk(Buffer.concat([Buffer.alloc(3), chunk]).subarray(3))).toEqual([['\u00e4']])
  })

  it('of another format is refused', async () => {
    await expect(unpackChunk(Uint8Array.of(9, 1))).rejects.toThrow('A chunk of rows has the unknown format 9')
  })
})
