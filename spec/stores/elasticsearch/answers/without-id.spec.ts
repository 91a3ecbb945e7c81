import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { withoutId } from '../../../../lib/stores/elasticsearch/answers/without-id'
import { UnusableAnswerError } from '../../../../lib/stores/elasticsearch/outage'

const ID = 'FkpMRkJGS1gzVDRlM3g4ZzMyRGlLbkEaTXlJZHdNT09TU2VTZVBoNDM3cFZMUToxMDM='
const BARE = ID.slice(0, -1)

/** Of a body that is not read at once. */
const BEGIN = 'b'.repeat(4_096)

const streamOf = (...chunks: string[]) => Readable.from(chunks.map((chunk) => Buffer.from(chunk)))

async function read(body: Readable | Buffer): Promise<string> {
  return (Buffer.isBuffer(body) ? body : await buffer(body)).toString()
}

describe('a body in a format that nobody can read', () => {
  it.each([
    [['']],
    [['a', 'b', 'c']],
    [['x'.repeat(100), BARE.slice(0, 40), 'y'.repeat(3), BARE.slice(40)]],
    [[BARE.slice(0, -1)]],
  ])('passes without the id: %j', async (chunks) => {
    expect(await read(await withoutId(streamOf(...chunks), ID))).toBe(chunks.join(''))
    expect(await read(await withoutId(Buffer.from(chunks.join('')), ID))).toBe(chunks.join(''))
  })

  it('is refused at once if it begins with the id, or is short', async () => {
    await expect(withoutId(streamOf('a', BARE.slice(0, 30), BARE.slice(30)), ID)).rejects.toThrow(
      UnusableAnswerError,
    )
    await expect(withoutId(Buffer.from(`a ${BARE}`), ID)).rejects.toThrow(UnusableAnswerError)
    await expect(withoutId(streamOf(`a ${ID}`, 'b'), ID)).rejects.toThrow(UnusableAnswerError)
  })

  it.each(Array.from({ length: BARE.length + 1 }, (_, at) => at))(
    'breaks before an id that two chunks share after %i characters',
    async (at) => {
      const body = await withoutId(streamOf(BEGIN, `x${BARE.slice(0, at)}`, BARE.slice(at), 'end'), ID)
      const seen: Buffer[] = []
      const reading = (async () => {
        for await (const chunk of body as Readable) seen.push(chunk)
      })()
      await expect(reading).rejects.toThrow(UnusableAnswerError)
      expect(`${BEGIN}x`.startsWith(Buffer.concat(seen).toString())).toBe(true)
    },
  )
})
