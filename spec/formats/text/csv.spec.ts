import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import type { Value } from '../../../lib/core/result'
import { csvWriter } from '../../../lib/formats/text/csv'
import { toErrorResponse } from '../../../lib/router/error-answer'
import { anyCharacter } from '../../support/any-character'
import { goldenCases, goldenRefusals, presentationOf, queryOf } from '../../support/golden-cases'
import { chunksOf, completed, plain, tableOf, textOf } from '../../support/tables'

describe('csvWriter', () => {
  it.each(goldenCases(['csv']))('writes what Elasticsearch writes: %s', (_, golden) => {
    expect(textOf(csvWriter(queryOf(golden), presentationOf(golden)))).toBe(golden.expected.body)
  })

  it.each(goldenRefusals(['csv']).filter(([name]) => name.startsWith('error_csv_delimiter')))(
    'refuses what Elasticsearch refuses: %s',
    (_, golden) => {
      expect(JSON.stringify(refusal(golden.request.delimiter))).toBe(golden.expected.body)
    },
  )

  it.each([
    ['%2C', ','],
    [';', ';'],
    ['+', ' '],
    ['%2B', '+'],
    ['%20', ' '],
    ['%25', '%'],
    ['%C3%A9', 'é'],
    ['é', 'é'],
    ['%ff', '\ufffd'],
  ])('decodes the delimiter parameter %p once more, to %p', (delimiter, decoded) => {
    const query = completed(tableOf([1, 2]))
    expect(textOf(csvWriter(query, { ...plain, delimiter }))).toBe(`c0${decoded}c1\r\n1${decoded}2\r\n`)
  })

  it.each([
    ['', 'invalid empty delimiter []'],
    ['ab', 'invalid multi-character delimiter [ab]'],
    ['%2C%2C', 'invalid multi-character delimiter [,,]'],
    ['😀', 'invalid multi-character delimiter [😀]'],
    ['"', 'illegal reserved character specified as delimiter ["]'],
    ['%0D', 'illegal reserved character specified as delimiter [\r]'],
    [
      '\t',
      'illegal delimiter [TAB] specified as delimiter for the [csv] format; choose the [tsv] format instead',
    ],
    ['%', 'URLDecoder: Incomplete trailing escape (%) pattern'],
    ['%2', 'URLDecoder: Incomplete trailing escape (%) pattern'],
    ['%zz', 'URLDecoder: Illegal hex characters in escape (%) pattern - Error at index 0 in: "zz"'],
    ['%2z', 'URLDecoder: Illegal hex characters in escape (%) pattern - Error at index 1 in: "2z"'],
  ])('refuses the delimiter parameter %p', (delimiter, reason) => {
    expect(refusal(delimiter)).toMatchObject({
      error: { type: 'illegal_argument_exception', reason },
      status: 400,
    })
  })

  it('refuses a delimiter also while the query runs', () => {
    expect(() => csvWriter({ isRunning: true, id: 'id' }, { ...plain, delimiter: '' })).toThrow(
      'invalid empty delimiter []',
    )
  })

  it.each([
    ['an empty header line', true, '\r\n'],
    ['nothing without a header', false, ''],
  ])('writes %s while the query runs', (_, header, text) => {
    expect(textOf(csvWriter({ isRunning: true, id: 'id' }, { ...plain, header }))).toBe(text)
  })

  it('writes an empty line for a row of one null', () => {
    expect(textOf(csvWriter(completed(tableOf([null])), plain))).toBe('c0\r\n\r\n')
  })

  it('writes lines without cells when every column is dropped', () => {
    const query = completed(tableOf([null, null], [null, null]))
    expect(textOf(csvWriter(query, { ...plain, dropNullColumns: true }))).toBe('\r\n\r\n\r\n')
  })

  it('prints dates in the zone of the query', () => {
    const query = {
      ...completed({ columns: [{ name: 'd', type: 'date' }], values: [[0]] }),
      timeZone: 'Asia/Kolkata',
    }
    expect(textOf(csvWriter(query, plain))).toBe('d\r\n1970-01-01T05:30:00.000+05:30\r\n')
  })

  it('reads back with any delimiter', () => {
    fc.assert(
      fc.property(tables, delimiters, (rows, delimiter) => {
        const query = completed(tableOf(...rows))
        const text = textOf(csvWriter(query, { ...plain, delimiter: encodeURIComponent(delimiter) }))
        const [, ...lines] = parse(text, { delimiter, record_delimiter: '\r\n' })
        expect(lines).toEqual(rows.map((row) => row.map((cell) => cell ?? '')))
      }),
    )
  })

  it('writes chunks of some 16 KiB', () => {
    const rows = Array.from({ length: 5_000 }, (_, row) => [row, 'some text '.repeat(4), null])
    const chunks = chunksOf(csvWriter(completed(tableOf(...rows)), plain)).map((chunk) => chunk.length)
    const last = chunks.pop()
    expect(Math.min(...chunks)).toBeGreaterThanOrEqual(16 * 1024)
    expect(Math.max(...chunks)).toBeLessThan(16 * 1024 + 100)
    expect(last).toBeGreaterThan(0)
  })
})

const hostile = fc.oneof(
  fc.string({ unit: fc.constantFrom('"', ',', '\r', '\n', '\t', ' ', "'", 'a', '\\', ';') }),
  fc.string({ unit: anyCharacter }),
)
const tables = fc
  .integer({ min: 1, max: 5 })
  .chain((width) =>
    fc.array(fc.array(fc.option(hostile), { minLength: width, maxLength: width }), { minLength: 1 }),
  )
const delimiters = fc
  .string({ unit: anyCharacter, minLength: 1, maxLength: 1 })
  .filter((delimiter) => delimiter.length === 1 && !['"', '\r', '\n', '\t'].includes(delimiter))

function refusal(delimiter: string | undefined): unknown {
  try {
    csvWriter(completed(tableOf([1 as Value])), { ...plain, ...(delimiter !== undefined && { delimiter }) })
  } catch (error) {
    return toErrorResponse(error).body
  }
  throw new Error('the delimiter is accepted')
}
