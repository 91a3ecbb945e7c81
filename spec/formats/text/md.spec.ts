import fc from 'fast-check'
import { mdWriter } from '../../../lib/formats/text/md'
import { anyCharacter } from '../../support/any-character'
import { goldenCases, presentationOf, queryOf } from '../../support/golden-cases'
import { completed, plain, tableOf, textOf } from '../../support/tables'

describe('mdWriter', () => {
  it.each(goldenCases(['md']))('writes what Elasticsearch writes: %s', (_, golden) => {
    expect(textOf(mdWriter(queryOf(golden), presentationOf(golden)))).toBe(golden.expected.body)
  })

  it('writes nothing where there are no columns', () => {
    const dropped = { ...plain, dropNullColumns: true }
    expect(textOf(mdWriter({ isRunning: true, id: 'id' }, plain))).toBe('')
    expect(textOf(mdWriter(completed({ columns: [], values: [] }), plain))).toBe('')
    expect(textOf(mdWriter(completed(tableOf([null], [null])), dropped))).toBe('')
  })

  it.each([{ isRunning: true, id: 'id' } as const, completed(tableOf(['a']))])(
    'refuses to leave out the header line, before its first chunk',
    (query) => {
      expect(() => mdWriter(query, { ...plain, header: false })).toThrow(
        expect.objectContaining({
          type: 'illegal_argument_exception',
          reason:
            '[header=absent] is not supported for the [md] format; markdown tables require a header row',
        }),
      )
    },
  )

  it.each([
    ['a|b', 'a\\|b'],
    ['a\\|b', 'a\\\\\\|b'],
    ['ends with \\', 'ends with \\\\'],
    ['one\ntwo\r\nthree\rfour\n', 'one<br>two<br>three<br>four<br>'],
    ['`code|` <b> *x* é😀', '`code\\|` <b> *x* é😀'],
    ['', ''],
    [null, ''],
    [['a|', 'b'], '[a\\|, b]'],
  ])('keeps %j within its cell', (cell, written) => {
    const query = completed({ columns: [{ name: 'x|\n\\', type: 'keyword' }], values: [[cell]] })
    expect(textOf(mdWriter(query, plain))).toBe(`| x\\|<br>\\\\ |\n| --- |\n| ${written} |\n`)
  })

  it('reads back but for the kind of line breaks', () => {
    fc.assert(
      fc.property(tables, (rows) => {
        const text = textOf(mdWriter(completed(tableOf(...rows)), plain))
        const [, rule, ...lines] = text.split(/\r\n|\r|\n/).slice(0, -1)
        expect(rule).toBe(`|${' --- |'.repeat(rows[0]?.length ?? 0)}`)
        const readable = (cell: string | null) => (cell ?? '').replace(/\r\n|\r|\n/g, '<br>')
        expect(lines.map(cellsOf)).toEqual(rows.map((row) => row.map(readable)))
      }),
    )
  })
})

const hostile = fc.oneof(
  fc.string({ unit: fc.constantFrom('|', '\\', '\r', '\n', '`', ' ', '-', 'a') }),
  fc.string({ unit: anyCharacter }),
)
const tables = fc
  .integer({ min: 1, max: 5 })
  .chain((width) =>
    fc.array(fc.array(fc.option(hostile), { minLength: width, maxLength: width }), { minLength: 1 }),
  )

/** The cells of a line as GitHub reads them: a bar ends a cell unless a backslash stands before it. */
function cellsOf(line: string): string[] {
  const cells = line.slice(1).match(/(?:\\.|[^|\\])*(?=\|)/gsu) ?? []
  return cells.filter((cell) => cell !== '').map((cell) => cell.slice(1, -1).replace(/\\(.)/gsu, '$1'))
}
