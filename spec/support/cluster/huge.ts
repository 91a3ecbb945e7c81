const CHUNK_BYTES = 65_536
const ROW_BYTES = 64

interface Layout {
  head: string
  /** Between two rows. */
  separator: string
  tail: string
  row(text: string): string
}

/** A CSV body of exactly so many bytes, in chunks of 64 KiB that share their memory. */
export function hugeCsv(bytes: number): Generator<Buffer> {
  return chunksOf(bytes, {
    head: 'n,text\r\n',
    separator: '',
    tail: '',
    row: (text) => `9007199254740993,${text}\r\n`,
  })
}

/** The same as JSON. `envelope` is the answer with no columns and no values. */
export function hugeJson(bytes: number, envelope: string): Generator<Buffer> {
  const columns = '"columns":[{"name":"n","type":"long"},{"name":"text","type":"keyword"}],"values":['
  return chunksOf(bytes, {
    head: envelope.replace(/"columns":\[\],"values":\[\]\}$/, columns),
    separator: ',',
    tail: ']}',
    row: (text) => `[9007199254740993,"${text}"]`,
  })
}

function* chunksOf(bytes: number, { head, separator, tail, row }: Layout): Generator<Buffer> {
  const rowOf = (size: number) => row('x'.repeat(size - row('').length))
  const full = Buffer.from((rowOf(ROW_BYTES - separator.length) + separator).repeat(CHUNK_BYTES / ROW_BYTES))
  const rest = bytes - head.length - tail.length
  if (rest < row('').length) throw new RangeError(`A body of ${bytes} bytes is too small for one row`)
  // The last row fills the rest.
  const chunks = Math.max(0, Math.floor(rest / CHUNK_BYTES) - 1)
  yield Buffer.from(head)
  for (let sent = 0; sent < chunks; sent += 1) yield full
  yield Buffer.from(rowOf(rest - chunks * CHUNK_BYTES) + tail)
}
