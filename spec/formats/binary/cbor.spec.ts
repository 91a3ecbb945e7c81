import { decode } from 'cbor-x'
import fc from 'fast-check'
import type { Value } from '../../../lib/core/result'
import { CborSink, cborWriter } from '../../../lib/formats/binary/cbor'
import { writeObject } from '../../../lib/formats/formats'
import { anyCharacter } from '../../support/any-character'
import { asyncDocument, goldenCases, presentationOf, queryOf } from '../../support/golden-cases'
import { bytesOf, inOrder } from '../../support/json-family'

describe('cborWriter', () => {
  it.each(goldenCases(['cbor']))('writes %s as Elasticsearch does', (_, goldenCase) => {
    const written = decode(bytesOf(cborWriter(queryOf(goldenCase), presentationOf(goldenCase))))
    const expected = asyncDocument(goldenCase, decode(Buffer.from(goldenCase.expected.body, 'base64')))
    expect(inOrder(written)).toEqual(inOrder(expected))
  })
})

/** The bytes of a value in `{"": value}`. */
function hex(value: Value): string {
  return Buffer.from(writeObject('cbor', { '': value }))
    .toString('hex')
    .replace(/^bf60(.*)ff$/, '$1')
}

describe('CBOR', () => {
  it('leaves the lengths of objects and arrays open', () => {
    const bytes = Buffer.from(writeObject('cbor', { is_running: true, columns: [], values: [] }))
    expect(bytes.toString('hex')).toBe('bf6a69735f72756e6e696e67f567636f6c756d6e739fff6676616c7565739fffff')
  })

  it.each<[Value, string]>([
    [0, '00'],
    [23, '17'],
    [24, '1818'],
    [255, '18ff'],
    [256, '190100'],
    [65536, '1a00010000'],
    [2 ** 32 - 1, '1affffffff'],
    [2 ** 32, '1b0000000100000000'],
    [2n ** 63n - 1n, '1b7fffffffffffffff'],
    [2n ** 63n, 'c249008000000000000000'],
    [2n ** 64n - 1n, 'c24900ffffffffffffffff'],
    [-1, '20'],
    [-24, '37'],
    [-25, '3818'],
    [-256, '38ff'],
    [-(2 ** 32) - 1, '3b0000000100000000'],
    [-(2n ** 63n), '3b7fffffffffffffff'],
    [-(2n ** 64n), 'c34900ffffffffffffffff'],
    [1.5, 'fb3ff8000000000000'],
    [-0, 'fb8000000000000000'],
    [null, 'f6'],
    [false, 'f4'],
    ['', '60'],
    ['a'.repeat(24), `7818${'61'.repeat(24)}`],
    ['é日😀', '69c3a9e697a5f09f9880'],
    ['\ud800', '63efbfbd'],
  ])('%#: writes the shortest form of what it is', (value, bytes) => {
    expect(hex(value)).toBe(bytes)
  })

  it('writes a float in four bytes', () => {
    const sink = new CborSink()
    sink.float(0.1)
    expect(Buffer.from(sink.take()).toString('hex')).toBe('fa3dcccccd')
  })

  it('gives any long text back, in one piece', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: anyCharacter, minLength: 1, maxLength: 30 }),
        fc.nat(3_000),
        (text, times) => {
          const long = text.repeat(times)
          expect(decode(Buffer.from(writeObject('cbor', { long })))).toEqual({ long })
        },
      ),
    )
  })
})
