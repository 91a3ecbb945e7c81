import fc from 'fast-check'
import type { ColumnType, Value } from '../../lib/core/result'
import { anyCharacter } from '../support/any-character'
import { bytesOf, family, inOrder, normalized } from '../support/json-family'
import { completed, plain } from '../support/tables'

/** A column's type, and cells with what they decode to. */
interface Cells {
  type: ColumnType
  cells: readonly (readonly [cell: Value, decoded: unknown])[]
}

const LONG = { min: -(2n ** 63n), max: 2n ** 63n - 1n }
const UNSIGNED_LONG = { min: 0n, max: 2n ** 64n - 1n }
const text = fc.string({ unit: anyCharacter, maxLength: 300 })

/** Without the names that every object has: decoders set the prototype by one, and take others for names they know. */
const keys = text.filter((name) => !(name in {}))

const scalars: [ColumnType, fc.Arbitrary<Value>][] = [
  ['boolean', fc.boolean()],
  ['integer', fc.integer()],
  ['long', fc.bigInt(LONG)],
  ['long', fc.bigInt(LONG).map(String)],
  ['unsigned_long', fc.bigInt(UNSIGNED_LONG)],
  ['double', fc.double()],
  ['dense_vector', fc.integer({ min: -1000, max: 1000 }).map((eighths) => eighths / 8)],
  ['keyword', text],
  [
    '_source',
    fc.dictionary(keys, fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null), fc.array(text))),
  ],
]

const ROWS = 5

const columns: fc.Arbitrary<Cells> = fc.constantFrom(...scalars).chain(([type, scalar]) =>
  fc.record({
    type: fc.constant(type),
    cells: fc.array(
      fc
        .oneof(fc.constant(null), scalar, fc.array(fc.option(scalar), { maxLength: 4 }))
        .map((cell) => [cell, decodedOf(type, cell)] as const),
      {
        minLength: ROWS,
        maxLength: ROWS,
      },
    ),
  }),
)

function decodedOf(type: ColumnType, cell: Value): unknown {
  const values = (Array.isArray(cell) ? cell : [cell]).filter((value) => value !== null)
  const decoded = values.map((value) =>
    normalized(type === 'long' && typeof value === 'string' ? BigInt(value) : value),
  )
  return decoded.length > 1 ? decoded : (decoded[0] ?? null)
}

describe.each(family)('%s', (_, writer, decode) => {
  it('gives a decoder the values of any table back', () => {
    fc.assert(
      fc.property(fc.array(columns, { minLength: 1, maxLength: 6 }), fc.boolean(), (table, columnar) => {
        const rows = Array.from({ length: ROWS }, (_, row) => table.map(({ cells }) => cells[row]))
        const query = {
          ...completed({
            columns: table.map(({ type }, index) => ({ name: `c${index}`, type })),
            values: rows.map((row) => row.map((pair) => pair?.[0] ?? null)),
          }),
          columnar,
        }
        const { values } = normalized(decode(bytesOf(writer(query, plain)))) as { values: unknown }
        const expected = columnar
          ? table.map(({ cells }) => cells.map((pair) => pair[1]))
          : rows.map((row) => row.map((pair) => pair?.[1] ?? null))
        expect(inOrder(values)).toEqual(inOrder(expected))
      }),
      { numRuns: 300 },
    )
  })
})
