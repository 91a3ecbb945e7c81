/** The table that every case uses: ten columns of mixed types, as logs have them. Always the same. */
export const COLUMNS = [
  { name: '@timestamp', type: 'date' },
  { name: 'host', type: 'keyword' },
  { name: 'message', type: 'text' },
  { name: 'status', type: 'integer' },
  { name: 'bytes', type: 'long' },
  { name: 'load', type: 'double' },
  { name: 'duration', type: 'double' },
  { name: 'cached', type: 'boolean' },
  { name: 'client', type: 'ip' },
  { name: 'tags', type: 'keyword' },
]

const WORDS = [
  'GET',
  'index',
  'slow query',
  'naïve café',
  'a, b and c',
  'said "no"',
  'path/to/file',
  '日本語',
]
const TAGS = ['prod', 'eu-west-1', 'canary', 'blue']

/**
 * Rows as a store returns them. Integers stay below 2^53 and doubles are never whole, so that JavaScript and Java
 * spell them alike, and the same table is right for every contestant.
 */
export function makeRows(count) {
  const random = pseudoRandom(42)
  const pick = (list) => list[Math.floor(random() * list.length)]
  return Array.from({ length: count }, (_, row) => [
    new Date(1_700_000_000_000 + row * 1_234).toISOString(),
    `web-${Math.floor(random() * 500)}.example.org`,
    `${pick(WORDS)} ${pick(WORDS)} ${row}${row % 50 === 0 ? '\nsecond\tline' : ''}`,
    row % 16 === 0 ? null : 200 + Math.floor(random() * 300),
    Math.floor(random() * 2 ** 40),
    (2 * Math.floor(random() * 5_000) + 1) / 200,
    Math.floor(random() * 1e6) + 0.5,
    random() < 0.5,
    `10.${Math.floor(random() * 256)}.${Math.floor(random() * 256)}.7`,
    row % 4 === 0 ? [pick(TAGS), pick(TAGS)] : pick(TAGS),
  ])
}

/** Mulberry32: the same numbers in every run. */
function pseudoRandom(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
