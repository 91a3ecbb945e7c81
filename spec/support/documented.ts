import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const ROOT = path.join(__dirname, '..', '..')
const DOCS = readdirSync(path.join(ROOT, 'docs')).filter((name) => name.endsWith('.md'))

/** The pages that users read: the README, then `docs/`. */
export const PAGES = ['README.md', ...DOCS.map((name) => `docs/${name}`).sort()]

/** The text of a page. */
export const pageOf = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8')

/** Everything that users read, one page after the other. */
export const DOCUMENTATION = PAGES.map(pageOf).join('\n')

/** The cells of each table of a document whose head begins with this word, row by row. */
export function tablesOf(markdown: string, head: string): string[][][] {
  const tables = markdown.matchAll(new RegExp(`^\\| ${head} +\\|.*\\n\\|.*\\n((?:\\|.*\\n)+)`, 'gm'))
  return [...tables].map(([, rows = '']) =>
    rows
      .trim()
      .split('\n')
      .map((row) =>
        row
          .slice(1, -1)
          .split(/(?<!\\)\|/)
          .map((cell) => cell.trim()),
      ),
  )
}

/** The default of an option as documents write it, or `undefined` for an option that has none. */
export function optionDefault(rule: object): string | undefined {
  const { default: value, defaultInWords } = rule as { default?: unknown; defaultInWords?: string }
  if (defaultInWords !== undefined) return defaultInWords
  if (typeof value === 'number') return String(value).replace(/\B(?=(\d{3})+$)/g, '_')
  return typeof value === 'string' ? `'${value}'` : value === undefined ? undefined : String(value)
}

/** A table as generated pages have it, with its header first. */
export function markdownTable([header = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return `${[line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n')}\n`
}

/** A page that a spec makes, as it is in the repository. `tools/write-page.cjs` lets the spec write it. */
export function generatedPage(file: string, made: string): string {
  if (process.env.ESQL_ASYNC_TEST_WRITE_PAGES) writeFileSync(path.join(ROOT, file), made)
  return pageOf(file)
}
