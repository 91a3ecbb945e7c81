import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Ajv } from 'ajv'
import fc from 'fast-check'
import { CATALOGUE, catalogueSchema } from '../../lib/catalogue/format'
import type { Value, ValueObject } from '../../lib/core/result'

const ROOT = path.join(__dirname, '..', '..')
const textOf = (name: string): string => readFileSync(path.join(ROOT, name), 'utf8')

const isAccepted = new Ajv({ strict: true, strictRequired: false, strictTypes: false }).compile(
  JSON.parse(textOf('catalogue.schema.json')),
)

function isRead(catalogue: unknown): boolean {
  try {
    CATALOGUE.read(catalogue as Value, 'the catalogue')
    return true
  } catch {
    return false
  }
}

const RESULT = {
  took: 5,
  is_partial: false,
  documents_found: 1,
  approximation_applied: true,
  warnings: ['w'],
  columns: [{ name: 'n', type: 'long', original_types: ['ip'], suggested_cast: 'ip', _meta: {}, later: 1 }],
  values: [[1], ['a', null]],
  profile: {},
  _clusters: {},
  later: true,
}
const CAUSE = {
  type: 'a',
  reason: 'b',
  caused_by: { type: 'c', reason: 'd', caused_by: { type: 'e', reason: 'f' } },
}
const ERROR = { error: { ...CAUSE, root_cause: [], index: 'gone' }, status: 404 }

const WHOLE = {
  $schema: './catalogue.schema.json',
  version: 2,
  recorded: { at: '2026-11-26', release: '9.5.4' },
  queries: [
    {
      query: 'FROM logs | WHERE host == ?',
      params: ['a', { b: 1 }],
      filter: { term: { a: 1 } },
      redacted: false,
      shows: 's',
      delay: '1.6s',
      keep_alive: '5m',
      partial_values: [['a']],
      columnar: false,
      warnings: ['No limit defined', ''],
      response: RESULT,
    },
    { pattern: 'FROM gone.*', params: 'any', filter: 'any', responses: [RESULT, ERROR] },
    { query: 'FROM big', response_file: 'big.json' },
    { query: 'FROM failing', response: { error: { type: 'parsing_exception', reason: 'b' } } },
  ],
}

describe('catalogue.schema.json', () => {
  it('is what the parser reads; `npm run build` writes it', () => {
    expect(JSON.parse(textOf('catalogue.schema.json'))).toEqual(catalogueSchema())
  })

  it('is a file that the package exports', () => {
    const { exports, files } = JSON.parse(textOf('package.json'))
    expect(exports['./catalogue.schema.json']).toBe('./catalogue.schema.json')
    expect(files).toContain('catalogue.schema.json')
  })

  it.each<[string, unknown]>([
    ['a catalogue with every field', WHOLE],
    ['no queries', { queries: [] }],
    ['the sample queries', JSON.parse(textOf('sample-queries.json'))],
  ])('accepts %s, as the parser does', (_, catalogue) => {
    expect([isAccepted(catalogue), isRead(catalogue)]).toEqual([true, true])
  })

  it.each<[string, ValueObject]>([
    ['both of query and pattern', { query: 'a', pattern: 'a', response: ERROR }],
    ['neither', { response: ERROR }],
    ['two kinds of response', { query: 'a', response: ERROR, response_file: 'a' }],
    ['no response', { query: 'a' }],
    ['no responses', { query: 'a', responses: [] }],
    ['a field that it does not know', { query: 'a', response: ERROR, wait: 1 }],
    ['a delay without a unit', { query: 'a', response: ERROR, delay: '2' }],
    ['params in a word', { query: 'a', response: ERROR, params: 'all' }],
    ['an unknown type', { query: 'a', response: { ...RESULT, columns: [{ name: 'a', type: 'keywrod' }] } }],
    ['a result without columns', { query: 'a', response: { values: [] } }],
    [
      'an error of its own without a status',
      { query: 'a', response: { error: { type: 'mine', reason: 'b' } } },
    ],
    ['a status of success', { query: 'a', response: { ...ERROR, status: 200 } }],
    [
      'a cause deep down without a type',
      {
        query: 'a',
        response: { ...ERROR, error: { ...CAUSE, caused_by: { ...CAUSE, caused_by: { reason: 'a' } } } },
      },
    ],
  ])('refuses an entry with %s, as the parser does', (_, entry) => {
    const catalogue = { version: 2, queries: [entry] }
    expect([isAccepted(catalogue), isRead(catalogue)]).toEqual([false, false])
  })

  it('accepts and refuses the same as the parser, whatever is changed', () => {
    const leaf = fc.constantFrom<unknown>(
      null,
      true,
      0,
      -1,
      2.5,
      404,
      600,
      '',
      'a',
      'any',
      'long',
      '5s',
      [],
      {},
      [[]],
    )
    const change = fc.record({ seed: fc.nat(), how: fc.constantFrom('drop', 'replace', 'add'), leaf })
    const outcomes = new Set<boolean>()
    fc.assert(
      fc.property(change, fc.option(change), (first, second) => {
        const once = changed(WHOLE, first)
        const catalogue = second ? changed(once, second) : once
        const accepts = isAccepted(catalogue)
        outcomes.add(accepts)
        expect([isRead(catalogue), catalogue]).toEqual([accepts, catalogue])
      }),
      { numRuns: 2_000 },
    )
    expect(outcomes).toEqual(new Set([true, false]))
  })
})

interface Change {
  seed: number
  how: string
  leaf: unknown
}

/** The same tree with one member dropped, replaced or added. */
function changed(tree: unknown, { seed, how, leaf }: Change): unknown {
  const copy = structuredClone({ tree })
  const places = [...placesOf(copy)]
  const [holder, name] = places[seed % places.length] ?? [copy, 'tree']
  if (how === 'add') Object.assign(holder, { [`${name}x`]: leaf })
  else if (how === 'replace') Object.assign(holder, { [name]: structuredClone(leaf) })
  else if (Array.isArray(holder)) holder.splice(Number(name), 1)
  else Reflect.deleteProperty(holder, name)
  return copy.tree ?? null
}

function* placesOf(node: object): Generator<[object, string]> {
  for (const [name, child] of Object.entries(node)) {
    yield [node, name]
    if (typeof child === 'object' && child !== null) yield* placesOf(child)
  }
}
