import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { tsvWriter } from '../../../lib/formats/text/tsv'
import { anyCharacter } from '../../support/any-character'
import { goldenCases, presentationOf, queryOf } from '../../support/golden-cases'
import { completed, plain, tableOf, textOf } from '../../support/tables'

describe('tsvWriter', () => {
  it.each(goldenCases(['tsv']))('writes what Elasticsearch writes: %s', (_, golden) => {
    expect(textOf(tsvWriter(queryOf(golden), presentationOf(golden)))).toBe(golden.expected.body)
  })

  it('writes an empty header line while the query runs', () => {
    expect(textOf(tsvWriter({ isRunning: true, id: 'id' }, plain))).toBe('\n')
  })

  it('always names the columns', () => {
    expect(textOf(tsvWriter(completed(tableOf(['a'])), { ...plain, header: false }))).toBe('c0\na\n')
  })

  it('leaves everything but line feeds and tabs as it is', () => {
    const query = completed(tableOf(['a\tb', 'c\nd', '"e"', 'f\\n', 'g\rh', 'é,😀']))
    expect(textOf(tsvWriter(query, plain))).toBe(
      'c0\tc1\tc2\tc3\tc4\tc5\na\\tb\tc\\nd\t"e"\tf\\n\tg\rh\té,😀\n',
    )
  })

  it('drops columns of nulls', () => {
    const query = completed(tableOf([null, 'a'], [null, 'b']))
    expect(textOf(tsvWriter(query, { ...plain, dropNullColumns: true }))).toBe('c1\na\nb\n')
  })

  it('reads back but for backslashes, which are not escaped', () => {
    fc.assert(
      fc.property(tables, (rows) => {
        const text = textOf(tsvWriter(completed(tableOf(...rows)), plain))
        const options = { delimiter: '\t', record_delimiter: '\n', quote: false } as const
        const [, ...lines] = parse(text, options).map((line) => line.map(unescaped))
        expect(lines).toEqual(rows.map((row) => row.map((cell) => cell ?? '')))
      }),
    )
  })
})

const hostile = fc.oneof(
  fc.string({ unit: fc.constantFrom('"', ',', '\r', '\n', '\t', ' ', 'n', 't', 'a') }),
  fc.string({ unit: anyCharacter }).map((text) => text.replaceAll('\\', '')),
)
const tables = fc
  .integer({ min: 1, max: 5 })
  .chain((width) =>
    fc.array(fc.array(fc.option(hostile), { minLength: width, maxLength: width }), { minLength: 1 }),
  )

function unescaped(cell: string): string {
  return cell.replaceAll('\\n', '\n').replaceAll('\\t', '\t')
}
