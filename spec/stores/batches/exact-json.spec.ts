import fc from 'fast-check'
import { JsonText } from '../../../lib/core/json-text'
import type { Value } from '../../../lib/core/result'
import { exactJson, rowsOfExactJson } from '../../../lib/stores/batches/exact-json'
import { EVERY_TYPE } from '../../../lib/test-kit'
import { anyCharacter } from '../../support/any-character'
import { admitted } from '../../support/tables'

function roundTrip(...rows: (readonly Value[])[]): unknown {
  return rowsOfExactJson(`[${rows.map(exactJson).join()}]`)
}

const text = fc.oneof(
  fc.string({ unit: anyCharacter }),
  fc.constantFrom(
    '\u0001',
    '\u0001\u0001',
    '\u00011',
    '\u0001NaN',
    '\u0001={}',
    '={}',
    '\\u0001',
    'NaN',
    '-0',
    '',
  ),
)
const scalar = fc.oneof(text, fc.double(), fc.bigInt(), fc.boolean(), fc.constant(null), fc.constant(-0))
const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 3 },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(text, tie('value'), { maxKeys: 4 }).map((object) => ({ ...object })),
  ),
}))

describe('exact JSON', () => {
  it('makes the same cells of every type, in the same form', () => {
    const { values } = admitted(EVERY_TYPE)
    expect(roundTrip(...(values as Value[][]))).toEqual(values)
  })

  it.each<[string, Value]>([
    ['a bigint', -(2n ** 70n)],
    ['a small bigint', 1n],
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['negative infinity', Number.NEGATIVE_INFINITY],
    ['a negative zero', -0],
    ['a text that looks like a marked number', '\u00015'],
    ['a text with a mark within', 'a\u00015'],
    ['a member called __proto__', JSON.parse('{"__proto__":{"a":1}}')],
    ['JSON in its spelling', new JsonText('{"b":1.0,\n"2":"\\u0001","b":[]}')],
    ['JSON in its spelling within a document', { a: [new JsonText('1.0')] }],
    ['a number deep in a document', { a: [{ b: [1n, { c: Number.NaN }] }] }],
  ])('keeps %s', (_what, cell) => {
    expect(roundTrip([cell, [cell, cell]])).toStrictEqual([[cell, [cell, cell]]])
  })

  it('keeps all values that JSON carries, and those that it does not', () => {
    fc.assert(
      fc.property(fc.array(fc.array(value, { maxLength: 5 }), { maxLength: 5 }), (rows) => {
        expect(roundTrip(...rows)).toEqual(rows)
      }),
    )
  })

  it('leaves out members that are undefined', () => {
    expect(Object.keys((roundTrip([{ a: undefined, b: 1n }]) as [[object]])[0][0])).toEqual(['b'])
  })
})
