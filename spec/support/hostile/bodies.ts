import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { anyCharacter } from '../any-character'
import type { Header } from './headers'
import { PROTOTYPE_NAMES } from './targets'

/** The longest body that the gateway of these specs accepts. */
export const MAX_BODY_BYTES = 65_536

export interface HostileBody {
  /** One character for each byte. */
  content: string
  /** A Content-Encoding, true or not. */
  encoding: Header[]
}

const LITERALS = [
  '1e999',
  '-0',
  '9007199254740993',
  `1${'0'.repeat(999)}`,
  `1${'0'.repeat(1_001)}`,
  '1e-999999999',
  '01',
  '.5',
  '+1',
  'NaN',
  'undefined',
  '0x1',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"\\u0000"',
  '"\\x"',
  '"unterminated',
  '/* comment */ 1',
  '// comment',
  `${'['.repeat(900)}${']'.repeat(900)}`,
  '['.repeat(20_000),
  '{"a":'.repeat(10_000),
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"a":1,"a":2}',
  `[${'0,'.repeat(10_000)}0]`,
  `"${'x'.repeat(20_000)}"`,
  '{"toString":1,"valueOf":2,"toJSON":3,"then":4,"length":5}',
]

const FIELDS = [
  'query',
  'params',
  'filter',
  'locale',
  'time_zone',
  'columnar',
  'profile',
  'include_ccs_metadata',
  'include_execution_metadata',
  'tables',
  'pragma',
  'accept_pragma_risks',
  'settings',
  'project_routing',
  'approximation',
  'wait_for_completion_timeout',
  'keep_alive',
  'keep_on_completion',
]

const GOOD_FIELDS = [
  '"keep_on_completion":true',
  '"keep_on_completion":"false"',
  '"wait_for_completion_timeout":"0"',
  '"wait_for_completion_timeout":"1h"',
  '"keep_alive":"9223372036854775807d"',
  '"columnar":true',
  '"time_zone":"+18:00"',
  '"locale":"xx-__proto__"',
  '"params":[9007199254740993,null,true,"\\ud800"]',
  '"params":[{"__proto__":1}]',
  '"params":[{"a":{"identifier":"b"}}]',
  '"filter":{"__proto__":{"a":1},"constructor":[{}]}',
  '"profile":true',
  '"settings":{"time_zone":"UTC","__proto__":1}',
]

const json = fc.oneof(
  { arbitrary: fc.constantFrom(...LITERALS), weight: 4 },
  fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.stringify(value)),
  fc.constantFrom(...PROTOTYPE_NAMES).map((name) => `{"${name}":{"polluted":1}}`),
)

const query = fc.oneof(
  {
    arbitrary: fc.constantFrom(
      '"RUN"',
      '"FAIL"',
      '"ROW n = 2"',
      '"ROW n = 1"',
      '"x\\ud800\\n\\t\\u0000\\"|,;"',
    ),
    weight: 4,
  },
  {
    arbitrary: fc.string({ unit: anyCharacter, maxLength: 20 }).map((text) => JSON.stringify(`x${text}`)),
    weight: 2,
  },
)
const goodSubmit = fc
  .tuple(query, fc.subarray(GOOD_FIELDS, { maxLength: 3 }))
  .map(([text, fields]) => `{${[`"query":${text}`, ...fields].join()}}`)

const field = fc
  .tuple(fc.constantFrom(...FIELDS, ...PROTOTYPE_NAMES), json)
  .map(([name, value]) => `"${name}":${value}`)
const badSubmit = fc
  .tuple(query, fc.array(field, { minLength: 1, maxLength: 3 }))
  .map(([text, fields]) => `{${[`"query":${text}`, ...fields].join()}}`)

const garbage = fc.oneof(
  json,
  fc.string({ unit: fc.constantFrom(...'{}[]",:\\/*-+.e019tfn \n\u0000'), maxLength: 40 }),
  fc.tuple(goodSubmit, fc.nat(200)).map(([text, length]) => text.slice(0, length)),
)

const bytes: fc.Arbitrary<Buffer> = fc.oneof(
  { arbitrary: goodSubmit.map((text) => Buffer.from(text)), weight: 16 },
  { arbitrary: badSubmit.map((text) => Buffer.from(text)), weight: 8 },
  { arbitrary: garbage.map((text) => Buffer.from(text)), weight: 1 },
  {
    arbitrary: fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array)),
      // UTF-16, a byte order mark, invalid UTF-8, too much.
      goodSubmit.map((text) => Buffer.from(text, 'utf16le')),
      goodSubmit.map((text) => Buffer.from(`\ufeff${text}`)),
      goodSubmit.map((text) => Buffer.from(`${text.slice(0, -1)},"locale":"\xff\xc0\xaf"}`, 'latin1')),
      fc.constantFrom(-1, 0, 1, 20_000).map((more) => Buffer.alloc(MAX_BODY_BYTES + more, ' ')),
    ),
    weight: 1,
  },
)

const ENCODINGS = [
  'gzip',
  'br',
  'deflate',
  'zstd',
  'compress',
  'gzip, gzip',
  'identity',
  'IDENTITY',
  '',
  '__proto__',
  '\xff',
]

const BOMB = gzipSync(Buffer.alloc(4 * 1024 * 1024, ' '))

/** Bytes with a Content-Encoding, which is true in half of the cases. */
const encoded: fc.Arbitrary<HostileBody> = fc.oneof(
  goodSubmit.map((text) => withEncoding(gzipSync(text), 'gzip')),
  goodSubmit.map((text) => withEncoding(deflateSync(text), 'deflate')),
  goodSubmit.map((text) => withEncoding(brotliCompressSync(text), 'br')),
  fc.constant(withEncoding(BOMB, 'gzip')),
  fc
    .tuple(goodSubmit, fc.nat(60))
    .map(([text, length]) => withEncoding(gzipSync(text).subarray(0, length), 'gzip')),
  fc.tuple(bytes, fc.constantFrom(...ENCODINGS)).map(([content, name]) => withEncoding(content, name)),
)

export const hostileBody: fc.Arbitrary<HostileBody> = fc.oneof(
  { arbitrary: bytes.map((content) => ({ content: content.toString('latin1'), encoding: [] })), weight: 8 },
  { arbitrary: encoded, weight: 2 },
)

function withEncoding(bytes: Buffer, name: string): HostileBody {
  return { content: bytes.toString('latin1'), encoding: [['Content-Encoding', name]] }
}
