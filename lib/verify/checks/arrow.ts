import { Skip, sameValue } from '../answer'
import type { Kept } from '../session'

/** Types whose cells are the same in Arrow and in JSON. */
const SAME = ['keyword', 'text', 'version', 'integer', 'long', 'boolean']

/** Reads tables in Arrow, and says how one differs from JSON. Throws a {@link Skip} without the package for it. */
export function loadArrow(): (body: Buffer, kept: Kept) => string | undefined {
  const arrow = load()
  return (body, { columns, values }) => {
    let table: ReturnType<typeof arrow.tableFromIPC>
    try {
      table = arrow.tableFromIPC(body)
    } catch {
      return 'it is no Arrow stream'
    }
    const fields = table.schema.fields.map(({ name, metadata }) => ({
      name,
      type: metadata.get('elastic:type'),
    }))
    const expected = columns.map(({ name, type }) => ({ name, type }))
    if (!sameValue(fields, expected)) return `the columns are ${JSON.stringify(fields)}`
    if (table.numRows !== values.length) return `there are ${table.numRows} rows`
    for (const [index, { name, type }] of columns.entries()) {
      const cells = values.map((row) => row[index])
      if (!SAME.includes(String(type)) || cells.some(Array.isArray)) continue
      const found = [...(table.getChildAt(index) ?? [])]
      if (!sameValue(found, cells)) return `the cells of ${name} are others`
    }
    return undefined
  }
}

function load(): typeof import('apache-arrow') {
  try {
    // Not `import()`: test runners that run CommonJS in a context of their own refuse it.
    return require('apache-arrow')
  } catch {
    throw new Skip('the package `apache-arrow` is not installed')
  }
}
