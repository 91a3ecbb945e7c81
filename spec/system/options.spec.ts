import { readFileSync } from 'node:fs'
import path from 'node:path'
import { DOUBLE_OPTIONS } from '../../lib/double/options'
import { JWKS_OPTIONS } from '../../lib/jwt/jwks/options'
import { JWT_CALLER_OPTIONS } from '../../lib/jwt/options'
import { READY_HANDLER_OPTIONS } from '../../lib/probes/options'
import { PRODUCT_INFO_OPTIONS } from '../../lib/router/info/options'
import { ROUTER_OPTIONS } from '../../lib/router/options'
import { ELASTICSEARCH_STORE_OPTIONS } from '../../lib/stores/elasticsearch/options'
import { MEMORY_STORE_OPTIONS } from '../../lib/stores/memory/options'
import { POSTGRES_STORE_OPTIONS } from '../../lib/stores/postgres/options'
import { DOCUMENTATION, optionDefault, tablesOf } from '../support/documented'

const ROOT = path.join(__dirname, '..', '..')
const textOf = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8')

/** In the order of the README, then of `docs/`. */
const OPTIONS = [
  { of: 'DoubleOptions', in: 'double/options', table: DOUBLE_OPTIONS },
  { of: 'AsyncQueryRouterOptions', in: 'router/options', table: ROUTER_OPTIONS },
  { of: 'ProductInfoOptions', in: 'router/info/options', table: PRODUCT_INFO_OPTIONS },
  { of: 'ReadyHandlerOptions', in: 'probes/options', table: READY_HANDLER_OPTIONS },
  { of: 'JwtCallerOptions', in: 'jwt/options', table: JWT_CALLER_OPTIONS },
  { of: 'JwksOptions', in: 'jwt/jwks/options', table: JWKS_OPTIONS },
  { of: 'ElasticsearchStoreOptions', in: 'stores/elasticsearch/options', table: ELASTICSEARCH_STORE_OPTIONS },
  { of: 'MemoryStoreOptions', in: 'stores/memory/options', table: MEMORY_STORE_OPTIONS },
  { of: 'PostgresStoreOptions', in: 'stores/postgres/options', table: POSTGRES_STORE_OPTIONS },
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

const tables = tablesOf(DOCUMENTATION, 'option')

describe.each(OPTIONS.map((options, index) => ({ ...options, index })))(
  '$of',
  ({ of, in: file, table, index }) => {
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

    it('has exactly its options in the README or in docs/', () => {
      expect(tables[index]?.map(([name]) => name).sort()).toEqual(names.map((name) => `\`${name}\``).sort())
    })

    it.each(Object.entries(table))('has the default of %s there', (name, rule) => {
      const row = tables[index]?.find(([cell]) => cell === `\`${name}\``)
      const expected = 'required' in rule ? 'required' : optionDefault(rule)
      const [cell = ''] = /^.*?(?=$| \()/.exec(row?.[2] ?? '') ?? []
      if (expected === undefined) expect(names).toContain(/^this or `(\w+)`$/.exec(cell)?.[1])
      else expect([expected, `\`${expected}\``]).toContain(cell)
    })
  },
)
