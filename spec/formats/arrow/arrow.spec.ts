import fc from 'fast-check'
import type { Column, ColumnType, QueryResult, Value } from '../../../lib/core/result'
import { loadArrowWriter } from '../../../lib/formats/arrow/arrow'
import type { Writer } from '../../../lib/formats/writer'
import { toErrorResponse } from '../../../lib/router/error-answer'
import { anyCharacter } from '../../support/any-character'
import { decodedArrow } from '../../support/decoded-arrow'
import { goldenCases, goldenRefusals, presentationOf, queryOf } from '../../support/golden-cases'
import { bytesOf } from '../../support/json-family'
import { chunksOf, completed, plain, tableOf } from '../../support/tables'

const DATE_RANGE = 'struct<from: timestamp[ms], to: timestamp[ms]>'
const END_OF_STREAM = 'ffffffff00000000'

/** For each type its Arrow type, a cell, and what that decodes to. */
type Written = readonly (readonly [arrowType: string, cell: Value, decoded: unknown])[]

const CELLS: Readonly<Record<ColumnType, Written | 'refused'>> = {
  null: [['null', 'anything', null]],
  boolean: [['bool', true, true]],
  integer: [['int32', -2147483648, -2147483648]],
  long: [
    ['int64', '-9223372036854775808', '-9223372036854775808'],
    ['int64', 9007199254740993n, '9007199254740993'],
  ],
  unsigned_long: [
    ['uint64', 42, '42'],
    ['uint64', '18446744073709551615', '18446744073709551615'],
  ],
  double: [
    ['float64', 'NaN', Number.NaN],
    ['float64', '-0.0', -0],
  ],
  counter_integer: [['int32', 7, 7]],
  counter_long: [['int64', 42, '42']],
  counter_double: [['float64', 0.1, 0.1]],
  keyword: [['utf8', 'é 😀', 'é 😀']],
  text: [['utf8', '', '']],
  date: [
    ['timestamp[ms]', new Date(-1), '-1'],
    ['timestamp[ms]', 1582979430500, '1582979430500'],
    ['timestamp[ms]', '2020-02-29T12:30:30.5008009Z', '1582979430500'],
  ],
  date_nanos: [
    ['timestamp[ns]', '2020-02-29T12:30:30.5008009Z', '1582979430500800900'],
    ['timestamp[ns]', 2n ** 63n - 1n, '9223372036854775807'],
    ['timestamp[ns]', new Date(1), '1000000'],
  ],
  ip: [
    ['binary', '127.0.0.1', 'hex:7f000001'],
    ['binary', '::1', 'hex:00000000000000000000000000000001'],
  ],
  version: [['utf8', '1.2.3', '1.2.3']],
  geo_point: [['binary', 'POINT (12.0 56.0)', 'hex:010100000000000000000028400000000000004c40']],
  cartesian_point: [['binary', 'POINT (12.0 56.0)', 'hex:010100000000000000000028400000000000004c40']],
  geo_shape: [['binary', 'LINESTRING EMPTY', 'hex:010200000000000000']],
  cartesian_shape: [['binary', 'LINESTRING EMPTY', 'hex:010200000000000000']],
  geohash: 'refused',
  geotile: 'refused',
  geohex: 'refused',
  _source: [
    ['utf8', { min: 1, l: 9007199254740993n, n: null }, '{"min":1,"l":9007199254740993,"n":null}'],
    ['utf8', '{"foo": 42}', '{"foo": 42}'],
  ],
  _tsid: 'refused',
  aggregate_metric_double: 'refused',
  dense_vector: 'refused',
  exponential_histogram: 'refused',
  tdigest: 'refused',
  histogram: 'refused',
  date_range: [
    [DATE_RANGE, '1970-01-01T00:00:00.000Z..1970-01-01T00:00:00.001Z', { from: '0', to: '1' }],
    [DATE_RANGE, '..1970-01-01', { from: null, to: '0' }],
  ],
  double_range: [['struct<from: float64, to: float64>', '0.5..1.0E7', { from: 0.5, to: 1e7 }]],
  flattened: [['utf8', { a: { b: ['c'] } }, '{"a":{"b":["c"]}}']],
  unsupported: [['null', 'anything', null]],
}

const TYPES = Object.keys(CELLS) as ColumnType[]
const REFUSED = TYPES.filter((type) => CELLS[type] === 'refused')
const WRITTEN = TYPES.flatMap((type) => {
  const cells = CELLS[type]
  return cells === 'refused' ? [] : cells.map((written) => [type, ...written] as const)
})

let arrowWriter: Writer

beforeAll(async () => {
  arrowWriter = await loadArrowWriter()
})

describe('the decoder of these specs', () => {
  it.each(goldenCases(['arrow']))('reads what Elasticsearch writes: %s', (_, { expected }) => {
    expect(decodedArrow(Buffer.from(expected.body, 'base64'))).toEqual(expected.decoded)
  })
})

describe('arrowWriter', () => {
  it.each(goldenCases(['arrow']))('writes what decodes as Elasticsearch has it: %s', (_, golden) => {
    const bytes = bytesOf(arrowWriter(queryOf(golden), presentationOf(golden)))
    expect(decodedArrow(bytes)).toEqual(golden.expected.decoded)
    expect(bytes.subarray(-8).toString('hex')).toBe(END_OF_STREAM)
  })

  it.each(goldenRefusals(['arrow']))('refuses what Elasticsearch refuses: %s', (_, golden) => {
    expect(JSON.stringify(refusal(queryOf(golden)))).toBe(golden.expected.body)
  })

  it('writes a schema without fields while the query runs', () => {
    const bytes = bytesOf(arrowWriter({ isRunning: true, id: 'id' }, plain))
    expect(decodedArrow(bytes)).toEqual({ schema: [], rows: [] })
    expect(bytes.subarray(-8).toString('hex')).toBe(END_OF_STREAM)
  })

  it('writes the schema of a result without rows', () => {
    expect(decode({ columns: [{ name: 'a', type: 'ip' }], values: [] })).toEqual({
      schema: [{ name: 'a', type: 'binary', nullable: true, metadata: { 'elastic:type': 'ip' } }],
      rows: [],
    })
  })

  it.each(WRITTEN)('writes %s as %s', (type, arrowType, cell, value) => {
    const column: Column = { name: 'c', type }
    expect(decode({ columns: [column], values: [[cell], [null], [[cell]], [[]]] })).toEqual({
      schema: [{ name: 'c', type: arrowType, nullable: true, metadata: { 'elastic:type': type } }],
      rows: [[value], [null], [value], [null]],
    })
    // Columns of nulls are no lists.
    if (value === null) return
    expect(decode({ columns: [column], values: [[cell], [null], [[cell, null, cell]], [[null]]] })).toEqual({
      schema: [
        {
          name: 'c',
          type: `list<${arrowType}>`,
          nullable: true,
          metadata: { 'elastic:type': type },
          child: { name: '$data$', nullable: false, metadata: { 'elastic:type': type } },
        },
      ],
      rows: [[[value]], [null], [[value, value]], [null]],
    })
  })

  it.each(REFUSED)('refuses a column of type %s before the first chunk, even without rows', (type) => {
    expect(refusal(completed({ columns: [{ name: 'c', type }], values: [] }))).toMatchObject({
      error: {
        type: 'illegal_argument_exception',
        reason: `ES|QL type [${type}] is not supported by the Arrow format`,
      },
      status: 400,
    })
  })

  it('decodes to what was written, whatever it was', () => {
    fc.assert(
      fc.property(tables, ({ columns, values }) => {
        const { schema, rows } = decode({ columns, values })
        const isList = schema.map(({ type }) => type.startsWith('list'))
        expect(isList).toEqual(columns.map((_, at) => values.some((row) => present(row[at]).length > 1)))
        expect(rows).toEqual(
          values.map((row) =>
            row.map((cell, at) => {
              const cells = present(cell)
              return cells.length === 0 ? null : isList[at] ? cells : cells[0]
            }),
          ),
        )
      }),
    )
  })

  it('writes batches of bounded size and lets others run in between', () => {
    const rows = Array.from({ length: 10_000 }, (_, row) => ['some text '.repeat(5), String(row)])
    const chunks = chunksOf(arrowWriter(completed(tableOf(...rows)), plain))
    expect(decodedArrow(bytesOf(chunks)).rows).toEqual(rows)
    expect(chunks.length).toBeGreaterThan(10)
    expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeLessThan(70_000)
  })

  it('keeps the cells of each batch apart: nulls, bits, texts and lists of every length', () => {
    const columns: Column[] = [
      { name: 'boolean', type: 'boolean' },
      { name: 'integer', type: 'integer' },
      { name: 'long', type: 'long' },
      { name: 'text', type: 'keyword' },
      { name: 'date', type: 'date' },
      { name: 'range', type: 'double_range' },
      { name: 'lists', type: 'keyword' },
    ]
    const texts = (row: number) => Array.from({ length: row % 5 }, (_, at) => 'é'.repeat((row + at) % 9))
    const isNull = (row: number, column: number) => (row * 7 + column) % 3 === 0
    const cells = (row: number): [Value, unknown][] => [
      [row % 2 === 0, row % 2 === 0],
      [row, row],
      [2n ** 60n + BigInt(row), String(2n ** 60n + BigInt(row))],
      [`row ${row} ${'日'.repeat(row % 40)}`, `row ${row} ${'日'.repeat(row % 40)}`],
      [row, String(row)],
      [`${row}.0..`, { from: row, to: null }],
      [texts(row), row % 5 === 0 ? null : texts(row)],
    ]
    const rows = Array.from({ length: 9_000 }, (_, row) =>
      cells(row).map((cell, column): [Value, unknown] => (isNull(row, column) ? [null, null] : cell)),
    )
    const { rows: decoded } = decode({ columns, values: rows.map((row) => row.map(([cell]) => cell)) })
    expect(decoded).toEqual(rows.map((row) => row.map(([, expected]) => expected)))
  })

  it('lets others run while a batch of many small cells grows', () => {
    const rows = Array.from({ length: 3_000 }, () => [null, null, null, null])
    const chunks = chunksOf(arrowWriter(completed(tableOf(...rows)), plain))
    // Two turns of the search for multi-values, two of the only batch.
    expect(chunks.map((chunk) => chunk.length > 0)).toEqual([false, false, false, true, true])
  })
})

describe('loadArrowWriter', () => {
  it('says what to install where the package is missing', async () => {
    jest.doMock('apache-arrow', () => {
      throw Object.assign(new Error("Cannot find module 'apache-arrow'"), { code: 'MODULE_NOT_FOUND' })
    })
    let loading: Promise<Writer> | undefined
    jest.isolateModules(() => {
      loading = jest
        .requireActual<typeof import('../../../lib/formats/arrow/arrow')>('../../../lib/formats/arrow/arrow')
        .loadArrowWriter()
    })
    await expect(loading).rejects.toMatchObject({
      type: 'illegal_argument_exception',
      reason: 'the format [arrow] needs the package [apache-arrow] on the server',
      status: 400,
    })
  })
})

const cellsOf: Partial<Record<ColumnType, fc.Arbitrary<Value>>> = {
  keyword: fc.string({ unit: anyCharacter }),
  integer: fc.integer(),
  long: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  double: fc.double(),
  boolean: fc.boolean(),
}
const columnsAndCells = fc.constantFrom(...(Object.keys(cellsOf) as ColumnType[])).map((type) => {
  const cells = cellsOf[type] as fc.Arbitrary<Value>
  return { type, cells: fc.option(fc.oneof(cells, fc.array(fc.option(cells), { maxLength: 4 }))) }
})
const tables: fc.Arbitrary<QueryResult> = fc
  .array(columnsAndCells, { minLength: 1, maxLength: 4 })
  .chain((columns) =>
    fc.array(fc.tuple(...columns.map(({ cells }) => cells)), { maxLength: 20 }).map((values) => ({
      columns: columns.map(({ type }, index) => ({ name: `c${index}`, type })),
      values,
    })),
  )

function present(cell: Value | undefined): Value[] {
  return [cell].flat().filter((value): value is Value => value !== null && value !== undefined)
}

function decode(result: QueryResult): ReturnType<typeof decodedArrow> {
  return decodedArrow(bytesOf(arrowWriter(completed(result), plain)))
}

function refusal(query: Parameters<Writer>[0]): unknown {
  try {
    arrowWriter(query, plain)
  } catch (error) {
    return toErrorResponse(error).body
  }
  throw new Error('the query is not refused')
}
