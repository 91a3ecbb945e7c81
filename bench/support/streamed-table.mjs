/** A table that is made as it is read: seven columns of logs, some 107 bytes of JSON for each row. */
export const STREAMED_COLUMNS = [
  { name: '@timestamp', type: 'date' },
  { name: 'host', type: 'keyword' },
  { name: 'message', type: 'text' },
  { name: 'status', type: 'integer' },
  { name: 'bytes', type: 'long' },
  { name: 'load', type: 'double' },
  { name: 'cached', type: 'boolean' },
]

/** The row with this number. Doubles are never whole, so that all formats spell them alike. */
export function streamedRow(number) {
  const mixed = Math.imul(number + 1, 0x9e3779b1) >>> 0
  return [
    new Date(1_700_000_000_000 + number * 1_234).toISOString(),
    `web-${mixed % 500}.example.org`,
    `GET /path/to/file/${mixed % 5_000} "${number}"`,
    number % 16 === 0 ? null : 200 + (mixed % 300),
    mixed % 1_000_000,
    (2 * (mixed % 5_000) + 1) / 200,
    mixed % 2 === 0,
  ]
}

/** Rows from one number to before another. */
export function streamedRows(begin, end) {
  return Array.from({ length: end - begin }, (_, at) => streamedRow(begin + at))
}
