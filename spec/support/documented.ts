import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const ROOT = path.join(__dirname, '..', '..')
const DOCS = readdirSync(path.join(ROOT, 'docs')).filter((name) => name.endsWith('.md'))

/** What users read, one page after the other: the README, then `docs/`. */
export const DOCUMENTATION = ['README.md', ...DOCS.map((name) => `docs/${name}`).sort()]
  .map((file) => readFileSync(path.join(ROOT, file), 'utf8'))
  .join('\n')

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
