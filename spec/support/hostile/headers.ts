import fc from 'fast-check'
import { PROTOTYPE_NAMES } from './targets'

export type Header = readonly [name: string, value: string]

/** Every character that Node.js accepts in the value of a header. Each is one byte on the wire. */
const VALUE_CHARACTERS = [
  '\t',
  ...Array.from({ length: 0x100 - 0x20 }, (_, at) => String.fromCharCode(0x20 + at)).filter(
    (character) => character !== '\x7f',
  ),
]
const value = fc.string({ unit: fc.constantFrom(...VALUE_CHARACTERS), maxLength: 24 })

const GOOD_TYPES = [
  'application/json',
  '*/*',
  'application/yaml',
  'application/cbor',
  'application/smile',
  'application/vnd.apache.arrow.stream',
  'text/csv;header=absent',
  'application/json;q=0.1;a=\xff;__proto__=1',
]
const MEDIA_TYPES = [
  ...GOOD_TYPES,
  'application/vnd.elasticsearch+json; compatible-with=9',
  'application/vnd.elasticsearch+json; compatible-with=8',
  'application/vnd.elasticsearch+json;compatible-with=99999999999999999999',
  'application/vnd.elasticsearch+json;compatible-with=-9',
  'text/plain',
  'application/json; charset=utf-7',
  'application/json, text/csv',
  'application/*',
  'multipart/form-data; boundary=x',
  'application/x-www-form-urlencoded',
  'application/__proto__',
  'constructor',
  'application/json;',
  'application/json;=',
  'a/b/c',
  '/',
  ';',
  '',
  ' ',
  '\xe9/\xe8',
  `application/json${';a=b'.repeat(200)}`,
  `application/json;a=${'x'.repeat(6_000)}`,
]

const accept = fc.oneof(
  { arbitrary: fc.constantFrom(...MEDIA_TYPES), weight: 6 },
  { arbitrary: value, weight: 1 },
)

const OTHERS: readonly Header[] = [
  ['X-Opaque-Id', 'caf\xc3\xa9 \xff'],
  ['X-Opaque-Id', ''],
  ['X-Opaque-Id', 'o'.repeat(5_000)],
  ['Expect', '100-continue'],
  ['Upgrade', 'websocket'],
  ['Connection', 'upgrade, keep-alive'],
  ['X-HTTP-Method-Override', 'DELETE'],
  ['If-None-Match', '*'],
  ['Range', 'bytes=0-0'],
  ['TE', 'trailers'],
  ['Trailer', 'Authorization'],
  ['Cookie', '__proto__=1; a=b'],
  ['Accept-Encoding', 'gzip, br'],
  ['es-security-runas-user', 'admin'],
  ['X-Forwarded-For', '127.0.0.1'],
  ['Origin', 'null'],
  ['Host', 'another'],
  ['traceparent', '00-zz'],
  ['X-Exchange', '0'],
]

const other: fc.Arbitrary<Header> = fc.oneof(
  fc.constantFrom(...OTHERS),
  fc.tuple(fc.constantFrom('X-Opaque-Id', 'X-Any', ...PROTOTYPE_NAMES), value),
)

/** `Accept` and other headers of a request, some of them twice. */
export const hostileHeaders: fc.Arbitrary<Header[]> = fc
  .tuple(
    fc.oneof(
      { arbitrary: fc.constant([]), weight: 12 },
      { arbitrary: fc.tuple(fc.constantFrom(...GOOD_TYPES)), weight: 12 },
      { arbitrary: fc.tuple(accept), weight: 6 },
      { arbitrary: fc.tuple(accept, accept), weight: 1 },
    ),
    fc.oneof({ arbitrary: fc.constant([]), weight: 2 }, fc.array(other, { maxLength: 3 })),
  )
  .map(([accepts, others]) => [...accepts.map((type): Header => ['Accept', type]), ...others])

/** The Content-Type of a body, which is true most of the time. */
export const contentTypes: fc.Arbitrary<Header[]> = fc.oneof(
  { arbitrary: fc.constant<Header[]>([['Content-Type', 'application/json']]), weight: 24 },
  { arbitrary: accept.map((type): Header[] => [['Content-Type', type]]), weight: 2 },
  {
    arbitrary: fc.tuple(accept, accept).map((types) => types.map((type): Header => ['content-TYPE', type])),
    weight: 1,
  },
  { arbitrary: fc.constant<Header[]>([]), weight: 1 },
)
