import { isObject } from '../../core/is-object'
import type { Answer } from '../answer'
import type { Kept } from '../session'

/** How a text format writes a table. */
interface TextFormat {
  /** The lines of a text as cells. */
  parse(text: string): string[][]
  null: string
  /** A text as it stands in a cell after parsing. Left out, as it is. */
  write?: (text: string) => string
  /** A line break in a value breaks the table, so that just the names of columns can be compared. */
  isBroken?: (kept: Kept) => boolean
}

/** The texts of the formats against JSON. Names of columns and every cell that is no object are compared. */
export const TEXT_FORMATS: Readonly<Record<'csv' | 'tsv' | 'txt' | 'md', TextFormat>> = {
  csv: { parse: (text) => parseCsv(text), null: '' },
  tsv: {
    parse: (text) => linesOf(text).map((line) => line.split('\t')),
    null: '',
    write: (text) => text.replaceAll('\n', '\\n').replaceAll('\t', '\\t'),
  },
  txt: {
    parse: parseTxt,
    null: 'null',
    write: (text) => text.trim(),
    isBroken: ({ values }) =>
      values.flat(2).some((value) => typeof value === 'string' && /[\r\n]/.test(value)),
  },
  md: {
    parse: (text) => linesOf(text).flatMap((line, index) => (index === 1 ? [] : [parseMarkdownLine(line)])),
    null: '',
    write: (text) => text.trim(),
  },
}

export function assertSameTable(answer: Answer, kept: Kept, format: TextFormat): void {
  const { parse, null: empty, write, isBroken } = format
  const [names = [], ...rows] = parse(answer.text)
  const expected = kept.columns.map(({ name }) => String(name))
  answer.must(JSON.stringify(names) === JSON.stringify(expected), `the columns are ${JSON.stringify(names)}`)
  if (isBroken?.(kept)) return
  const count = `there are ${rows.length} rows in place of ${kept.values.length}`
  answer.must(rows.length === kept.values.length, count)
  for (const [index, row] of kept.values.entries()) {
    const cells = rows[index] ?? []
    answer.must(cells.length === row.length, `row ${index + 1} has ${cells.length} cells`)
    for (const [column, value] of row.entries()) {
      const cell = cells[column] ?? ''
      const isSame = holds(cell, value, { empty, write })
      const where = `row ${index + 1}, column ${expected[column]}`
      answer.must(isSame, `${where}: ${JSON.stringify(cell)} in place of what JSON has`)
    }
  }
}

function holds(
  cell: string,
  value: unknown,
  { empty, write = (text) => text }: { empty: string; write?: TextFormat['write'] | undefined },
): boolean {
  if (value === null) return cell === empty
  if (Array.isArray(value)) return cell.startsWith('[') && cell.endsWith(']')
  if (isObject(value)) return cell !== ''
  if (typeof value === 'number') return cell !== '' && Number(cell) === value
  return cell === write(String(value))
}

/** RFC 4180. */
export function parseCsv(text: string, delimiter = ','): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  const cell = new RegExp(`(?:"((?:[^"]|"")*)"|([^"\\r\\n\\${delimiter}]*))(\\${delimiter}|\\r\\n|$)`, 'gy')
  while (cell.lastIndex < text.length) {
    const [, quoted, plain = '', end] = cell.exec(text) ?? []
    if (end === undefined) return [...rows, ['a line that is no CSV']]
    row.push(quoted?.replaceAll('""', '"') ?? plain)
    if (end === delimiter) continue
    rows.push(row)
    row = []
  }
  return rows
}

/** Columns begin and end where the line of dashes says. A value with a line break takes more than a line. */
function parseTxt(text: string): string[][] {
  const [header = '', dashes = '', ...lines] = linesOf(text)
  const widths = dashes.split('+').map(({ length }) => length)
  return [header, ...lines].map((line) => {
    let start = 0
    return widths.map((width) => {
      const cell = line.slice(start, start + width).trim()
      start += width + 1
      return cell
    })
  })
}

function parseMarkdownLine(line: string): string[] {
  const inner = line.replace(/^\| ?/, '').replace(/ ?\|$/, '')
  return inner.split(/(?<!\\) ?\| ?/).map((cell) =>
    cell
      .trim()
      .replace(/\\([|\\])/g, '$1')
      .replaceAll('<br>', '\n'),
  )
}

function linesOf(text: string): string[] {
  return text.replace(/\n$/, '').split('\n')
}
