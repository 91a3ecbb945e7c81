import fc from 'fast-check'
import { txtWriter } from '../../../lib/formats/text/txt'
import { anyCharacter } from '../../support/any-character'
import { goldenCases, presentationOf, queryOf } from '../../support/golden-cases'
import { chunksOf, completed, plain, tableOf, textOf } from '../../support/tables'

describe('txtWriter', () => {
  it.each(goldenCases(['txt']))('writes what Elasticsearch writes: %s', (_, golden) => {
    expect(textOf(txtWriter(queryOf(golden), presentationOf(golden)))).toBe(golden.expected.body)
  })

  it('writes nothing while the query runs', () => {
    expect(textOf(txtWriter({ isRunning: true, id: 'id' }, plain))).toBe('')
  })

  it('writes nothing for a result without columns', () => {
    expect(textOf(txtWriter(completed({ columns: [], values: [] }), plain))).toBe('')
  })

  it('puts the odd blank of a centred name on the right', () => {
    const query = completed({ columns: [{ name: 'four', type: 'keyword' }], values: [] })
    expect(textOf(txtWriter(query, plain))).toBe('     four      \n---------------\n')
  })

  it('makes a column as wide as its longest cell, in UTF-16 units', () => {
    const query = completed(tableOf(['a', 'b'], ['😀'.repeat(8), null]))
    expect(textOf(txtWriter(query, plain))).toBe(
      [
        '       c0       |      c1       ',
        '----------------+---------------',
        'a               |b              ',
        '😀😀😀😀😀😀😀😀|null           ',
        '',
      ].join('\n'),
    )
  })

  it('writes one separator for a dropped column between others', () => {
    const query = completed(tableOf(['a', null, 'b']))
    expect(textOf(txtWriter(query, { ...plain, dropNullColumns: true }))).toBe(
      [
        '      c0       |      c2       ',
        '---------------+---------------',
        'a              |b              ',
        '',
      ].join('\n'),
    )
  })

  it('shows every cell whole, in lines of one length', () => {
    const cells = fc.string({ unit: anyCharacter }).map((text) => text.replace(/[\n|]/g, ''))
    const tables = fc.array(fc.array(cells, { minLength: 3, maxLength: 3 }), { minLength: 1 })
    fc.assert(
      fc.property(tables, (rows) => {
        const lines = textOf(txtWriter(completed(tableOf(...rows)), plain)).split('\n')
        expect(lines.pop()).toBe('')
        expect(new Set(lines.map((line) => line.length)).size).toBe(1)
        const shown = lines.slice(2).map((line) => line.split('|').map((cell) => cell.trimEnd()))
        expect(shown).toEqual(rows.map((row) => row.map((cell) => cell.trimEnd())))
      }),
    )
  })

  it('lets others run while it looks for the widths, and writes chunks of some 16 KiB', () => {
    const rows = Array.from({ length: 5_000 }, (_, row) => [String(row), 'some text', null, 'x'])
    const chunks = chunksOf(txtWriter(completed(tableOf(...rows)), plain)).map((chunk) => chunk.length)
    expect(chunks.filter((length) => length === 0)).toHaveLength(4)
    expect(Math.min(...chunks.slice(4, -1))).toBeGreaterThanOrEqual(16 * 1024)
    expect(Math.max(...chunks)).toBeLessThan(16 * 1024 + 100)
  })
})
