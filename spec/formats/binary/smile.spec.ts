import fc from 'fast-check'
import { parse } from 'smile-js'
import type { Value } from '../../../lib/core/result'
import { SmileSink, smileWriter } from '../../../lib/formats/binary/smile'
import { writeObject } from '../../../lib/formats/formats'
import { asyncDocument, goldenCases, presentationOf, queryOf } from '../../support/golden-cases'
import { bytesOf, inOrder, normalized } from '../../support/json-family'

describe('smileWriter', () => {
  it.each(goldenCases(['smile']))('writes %s as Elasticsearch does', (_, goldenCase) => {
    const written = parse(bytesOf(smileWriter(queryOf(goldenCase), presentationOf(goldenCase))))
    const expected = asyncDocument(goldenCase, parse(Buffer.from(goldenCase.expected.body, 'base64')))
    expect(inOrder(written)).toEqual(inOrder(expected))
  })
})

function smile(tree: Parameters<typeof writeObject>[1]): Buffer {
  return Buffer.from(writeObject('smile', tree))
}

/** The bytes of a value in `{"": value}`. */
function hex(value: Value): string {
  return smile({ '': value })
    .toString('hex')
    .replace(/^3a290a05fa20(.*)fb$/, '$1')
}

describe('SMILE', () => {
  it('names a version and the shared names in its header', () => {
    expect(smile({ is_running: true, columns: [], values: [] }).toString('hex')).toBe(
      '3a290a05fa8969735f72756e6e696e672386636f6c756d6e73f8f98576616c756573f8f9fb',
    )
  })

  it.each<[Value, string]>([
    [0, 'c0'],
    [-1, 'c1'],
    [15, 'de'],
    [-16, 'df'],
    [16, '24a0'],
    [40, '240190'],
    [-17, '24a1'],
    [2 ** 31 - 1, '241f7f7f7fbe'],
    [-(2 ** 31), '241f7f7f7fbf'],
    [2 ** 31, '252000000080'],
    [2n ** 63n, '26890020000000000000000000'],
    [1.5, '29003f7c00000000000000'],
    ['', '20'],
    ['a'.repeat(32), `5f${'61'.repeat(32)}`],
    ['a'.repeat(33), `60${'61'.repeat(33)}`],
    ['a'.repeat(64), `7f${'61'.repeat(64)}`],
    ['a'.repeat(65), `e0${'61'.repeat(65)}fc`],
    ['é', '80c3a9'],
    [`é${'a'.repeat(63)}`, `bfc3a9${'61'.repeat(63)}`],
    [`é${'a'.repeat(64)}`, `e4c3a9${'61'.repeat(64)}fc`],
    ['\ud800', '81efbfbd'],
    [null, '21'],
    [false, '22'],
    [true, '23'],
  ])('%#: writes the shortest form of what it is', (value, bytes) => {
    expect(hex(value)).toBe(bytes)
  })

  it('writes a float in five groups of seven bits', () => {
    const sink = new SmileSink()
    sink.float(0.1)
    expect(parse(Buffer.from(sink.take()))).toBe(Math.fround(0.1))
  })

  it('gives integers of any size back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }), (integer) => {
        expect(normalized(parse(smile({ integer })))).toEqual({ integer: normalized(integer) })
      }),
    )
  })

  it.each([1, 64, 65, 254, 255, 256, 1023, 1024, 1025, 1300])('refers back to %i names', (count) => {
    const names = Array.from({ length: count }, (_, index) => `name ${index}`)
    const tree = Object.fromEntries(names.map((name, index) => [name, index]))
    const trees = [tree, tree, { ...tree, more: 1 }, tree, { more: 2 }]
    expect(parse(smile({ trees }))).toEqual({ trees })
  })

  it('numbers names as Elasticsearch does, in one byte and in two', () => {
    const names = Array.from({ length: 65 }, (_, index) => `n${index}`)
    const tree = Object.fromEntries(names.map((name) => [name, null]))
    const bytes = smile({ '': [tree, { n0: null, n63: null, n64: null }] }).toString('hex')
    expect(bytes.slice(-22)).toBe('fa40217f21304021fbf9fb')
  })

  it.each([1, 56, 57, 58, 64, 65, 300])('has room for names of %i bytes', (length) => {
    const ascii = 'n'.repeat(length)
    const unicode = `é${'n'.repeat(Math.max(0, length - 2))}`
    const trees = [
      { [ascii]: 1, [unicode]: 2, later: 3 },
      { [ascii]: 1, [unicode]: 2, later: 3, trees: 4 },
    ]
    expect(parse(smile({ trees }))).toEqual({ trees })
  })
})
