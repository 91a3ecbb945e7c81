import { readFileSync } from 'node:fs'
import path from 'node:path'
import { DOUBLE_OPTIONS } from '../../lib/double/options'
import { JWKS_OPTIONS } from '../../lib/jwt/jwks/options'
import { JWT_CALLER_OPTIONS } from '../../lib/jwt/options'
import { READY_HANDLER_OPTIONS } from '../../lib/probes/options'
import { PRODUCT_INFO_OPTIONS } from '../../lib/router/info/options'
import { ROUTER_OPTIONS } from '../../lib/router/options'
import { GRACEFUL_SHUTDOWN_OPTIONS } from '../../lib/shutdown/options'
import { ELASTICSEARCH_STORE_OPTIONS } from '../../lib/stores/elasticsearch/options'
import { MEMORY_STORE_OPTIONS } from '../../lib/stores/memory/options'
import { POSTGRES_STORE_OPTIONS } from '../../lib/stores/postgres/options'
import { optionDefault, pageOf, tablesOf } from '../support/documented'

const ROOT = path.join(__dirname, '..', '..')
const textOf = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8')

/** With the page that has the table, in the order of that page. */
const OPTIONS = [
  { of: 'DoubleOptions', on: 'docs/double.md', in: 'double/options', table: DOUBLE_OPTIONS },
  { of: 'AsyncQueryRouterOptions', on: 'docs/gateway.md', in: 'router/options', table: ROUTER_OPTIONS },
  { of: 'ProductInfoOptions', on: 'docs/gateway.md', in: 'router/info/options', table: PRODUCT_INFO_OPTIONS },
  {
    of: 'GracefulShutdownOptions',
    on: 'docs/gateway.md',
    in: 'shutdown/options',
    table: GRACEFUL_SHUTDOWN_OPTIONS,
  },
  { of: 'ReadyHandlerOptions', on: 'docs/gateway.md', in: 'probes/options', table: READY_HANDLER_OPTIONS },
  { of: 'JwtCallerOptions', on: 'docs/tokens.md', in: 'jwt/options', table: JWT_CALLER_OPTIONS },
  { of: 'JwksOptions', on: 'docs/tokens.md', in: 'jwt/jwks/options', table: JWKS_OPTIONS },
  {
    of: 'ElasticsearchStoreOptions',
    on: 'docs/elasticsearch.md',
    in: 'stores/elasticsearch/options',
    table: ELASTICSEARCH_STORE_OPTIONS,
  },
  {
    of: 'MemoryStoreOptions',
    on: 'docs/stores.md',
    in: 'stores/memory/options',
    table: MEMORY_STORE_OPTIONS,
  },
  {
    of: 'PostgresStoreOptions',
    on: 'docs/stores.md',
    in: 'stores/postgres/options',
    table: POSTGRES_STORE_OPTIONS,
  },
]

/** The docstring of each member of an interface. */
function docstringsOf(source: string, interfaceName: string): Map<string, string> {
  const [, body = ''] =
    new RegExp(`export interface ${interfaceName} \\{\\n([\\s\\S]*?)\\n\\}`).exec(source) ?? []
  const members = body.matchAll(/ {2}\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n {2}(\w+)\??:/g)
  return new Map(
    [...members].map(([, text = '', name = '']) => [
      name,
      text.replace(/\s+(\* )?/g, ' ').replace(/ \*? *$/, ''),
    ]),
  )
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** The row of each option in the page that has its table. */
const rowsOf = ({ of, on }: (typeof OPTIONS)[number]): string[][] => {
  const index = OPTIONS.filter((options) => options.on === on).findIndex((options) => options.of === of)
  return tablesOf(pageOf(on), 'option')[index] ?? []
}

describe.each(OPTIONS.map((options) => ({ ...options, rows: rowsOf(options) })))(
  '$of',
  ({ of, in: file, on, table, rows }) => {
    const names = Object.keys(table)
    const docstrings = docstringsOf(textOf(`lib/${file}.ts`), of)

    it('has a docstring for each option', () => {
      expect([...docstrings.keys()].sort()).toEqual(names.toSorted())
    })

    it.each(Object.entries(table))('has the default of %s in the docstring, or none', (name, rule) => {
      const [, documented] = / @default (.*)$/.exec(docstrings.get(name) ?? '') ?? []
      const expected = optionDefault(rule)
      if (expected === undefined) expect(documented).toBeUndefined()
      else expect(`${documented} `).toMatch(new RegExp(`^${escaped(expected)}[ ,:]`))
    })

    it(`has exactly its options in ${on}`, () => {
      expect(rows.map(([name]) => name).sort()).toEqual(names.map((name) => `\`${name}\``).sort())
    })

    it.each(Object.entries(table))('has the default of %s there', (name, rule) => {
      const row = rows.find(([cell]) => cell === `\`${name}\``)
      const expected = 'required' in rule ? 'required' : optionDefault(rule)
      const [cell = ''] = /^.*?(?=$| \()/.exec(row?.[2] ?? '') ?? []
      if (expected === undefined) expect(names).toContain(/^this or `(\w+)`$/.exec(cell)?.[1])
      else expect([expected, `\`${expected}\``]).toContain(cell)
    })
  },
)
