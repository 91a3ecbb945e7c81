import type { QueryResult, ValueObject } from '../../../lib/core/result'
import { cborWriter } from '../../../lib/formats/binary/cbor'
import { filtered } from '../../../lib/formats/document/filter-path'
import { writeTree } from '../../../lib/formats/document/tree'
import { jsonWriter } from '../../../lib/formats/json/json'
import { JsonSink } from '../../../lib/formats/json/json-sink'
import { yamlWriter } from '../../../lib/formats/yaml/yaml'
import { bytesOf } from '../../support/json-family'
import { completed, plain, tableOf, textOf } from '../../support/tables'

function filter(tree: ValueObject, filterPath: string): unknown {
  const sink = new JsonSink()
  writeTree(filtered(sink, filterPath), tree)
  return JSON.parse(String(sink.take()))
}

/** An object in an object in an object, with a 1 at the bottom. */
function nested(depth: number, name: string): ValueObject {
  return depth === 1 ? { [name]: 1 } : { a: nested(depth - 1, name) }
}

function chunksOf(values: QueryResult['values'], filterPath: string): unknown[] {
  const columns = (values[0] ?? []).map((_, index) => ({ name: `c${index}`, type: '_source' as const }))
  return [...jsonWriter(completed({ columns, values }), { ...plain, filterPath })]
}

const tree = {
  took: 1,
  columns: [
    { name: 'a', type: 'long' },
    { name: 'b', type: 'ip' },
  ],
  deep: { a: { b: { name: 'x', list: [] } }, 'with.dot': { c: 1 } },
  none: {},
  list: [1, [2, { name: 3 }], {}],
}
const { took, columns, deep, none, list } = tree

describe('filter_path', () => {
  it.each<[filterPath: string, passes: unknown]>([
    ['', tree],
    [' , ', tree],
    ['-', tree],
    // Names
    ['took', { took }],
    ['zzz', {}],
    ['TOOK', {}],
    ['took,columns', { took, columns }],
    [' columns , took ', { took, columns }],
    ['columns.name', { columns: [{ name: 'a' }, { name: 'b' }] }],
    ['deep.a.b.name', { deep: { a: { b: { name: 'x' } } } }],
    ['took.deeper', {}],
    ['list', { list }],
    ['list.name', { list: [[{ name: 3 }]] }],
    // A path that ends takes everything below it, whatever others say.
    ['deep', { deep }],
    ['deep,deep.a.b.name', { deep }],
    ['deep.a.b.name,deep', { deep }],
    ['deep.a.b.name,deep.a.b.zzz', { deep: { a: { b: { name: 'x' } } } }],
    // What is included and excluded is left out, with all that is in it.
    ['deep.a.b.name,took,-deep', { took }],
    ['deep.a.b.name,took,-deep.a', { took }],
    // Empty containers
    ['none', { none }],
    ['none.x', {}],
    ['deep.a.b.list', { deep: { a: { b: { list: [] } } } }],
    ['deep.a.b.list.x', {}],
    // Dots
    ['deep.with.dot', {}],
    ['deep.with\\.dot', { deep: { 'with.dot': { c: 1 } } }],
    ['deep.with\\.dot.c', { deep: { 'with.dot': { c: 1 } } }],
    ['deep.w*\\.d*', { deep: { 'with.dot': { c: 1 } } }],
    ['.took', {}],
    ['took.', {}],
    // Wildcards
    ['*', tree],
    ['**', tree],
    ['to*', { took }],
    ['t*k', { took }],
    ['*o*k*', { took }],
    ['t*o*o*o*k', {}],
    ['took*', { took }],
    ['**k', { took }],
    ['*.name', { columns: [{ name: 'a' }, { name: 'b' }], list: [[{ name: 3 }]] }],
    ['col*.n*', { columns: [{ name: 'a' }, { name: 'b' }] }],
    // `**` is one level or more.
    [
      '**.name',
      { columns: [{ name: 'a' }, { name: 'b' }], deep: { a: { b: { name: 'x' } } }, list: [[{ name: 3 }]] },
    ],
    ['**.took', {}],
    ['deep.**.name', { deep: { a: { b: { name: 'x' } } } }],
    ['deep.a.b.**', { deep: { a: { b: { name: 'x', list: [] } } } }],
    ['deep.**.a', {}],
    ['**.b.list', { deep: { a: { b: { list: [] } } } }],
    // Excludes
    ['-took', { columns, deep, none, list }],
    ['-zzz', tree],
    ['- took', { columns, deep, none, list }],
    ['-took.deeper', tree],
    ['-columns.type,-deep,-none,-list', { took, columns: [{ name: 'a' }, { name: 'b' }] }],
    ['-columns.type,-columns.name,-deep,-none,-list', { took }],
    ['-columns.*,-deep.a.b.*,-list', { took, deep: { 'with.dot': { c: 1 } }, none }],
    ['-list.name,-columns,-deep', { took, none, list: [1, [2], {}] }],
    ['-**.name,-columns,-list', { took, deep: { a: { b: { list: [] } }, 'with.dot': { c: 1 } }, none }],
    ['-*', {}],
    // Both
    ['columns,-columns.type', { columns: [{ name: 'a' }, { name: 'b' }] }],
    ['columns,-columns', {}],
    ['columns.name,-columns.type', { columns: [{ name: 'a' }, { name: 'b' }] }],
    ['*,-deep,-columns,-list.name', { took, none, list: [1, [2], {}] }],
    ['none,-none.x', { none }],
  ])('%j', (filterPath, passes) => {
    expect(JSON.stringify(filter(tree, filterPath))).toBe(JSON.stringify(passes))
  })

  it('takes names as they are that mean something to JavaScript', () => {
    const odd = JSON.parse('{"__proto__":{"constructor":1},"constructor":2,"a*b":3}')
    expect(filter(odd, 'constructor')).toEqual({ constructor: 2 })
    expect(JSON.stringify(filter(odd, '__proto__.constructor'))).toBe('{"__proto__":{"constructor":1}}')
    expect(filter(odd, 'toString')).toEqual({})
    expect(filter(odd, 'a*b')).toEqual({ 'a*b': 3 })
  })

  it('takes a time that does not explode with the stars of a pattern', () => {
    const name = 'a'.repeat(10_000)
    expect(filter({ [name]: 1 }, `${'*a'.repeat(200)}*b`)).toEqual({})
  })

  it('takes a time that does not explode with the double wildcards of a pattern', () => {
    const pattern = `${'**.'.repeat(30)}zz`
    expect(filter(nested(26, 'zz'), pattern)).toEqual({})
    expect(filter(nested(31, 'zz'), pattern)).toEqual(nested(31, 'zz'))
  })

  it('reads a path of as many names as a URL can hold', () => {
    const path = 'a.'.repeat(8_000)
    expect(filter(nested(10, 'a'), `took,${path}`)).toEqual({})
    expect(filter(nested(10, 'a'), `-${path}`)).toEqual(nested(10, 'a'))
  })

  it('judges alike however many names there are', () => {
    const names = Array.from({ length: 70_000 }, (_, index) => `k${index}`)
    const rows = [names, names].map((each) => Object.fromEntries(each.map((name) => [name, { v: 1, w: 2 }])))
    const passed = Object.fromEntries(names.filter((name) => /7$/.test(name)).map((name) => [name, { v: 1 }]))
    expect(filter({ rows }, 'rows.k*7.v')).toEqual({ rows: [passed, passed] })
  })

  it('gives others their turn while it leaves values out', () => {
    const source = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`k${index}`, { v: index }]))
    const chunks = chunksOf(
      Array.from({ length: 200 }, () => [source]),
      'values.k1.zzz',
    )
    // 100,000 values, and no more than some 4,000 of them in a turn.
    expect(chunks.length).toBeGreaterThanOrEqual(20)
    expect(chunks.join('')).toBe('{}')
  })

  it('gives others their turn within a row', () => {
    const source = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`k${index}`, { v: index }]))
    expect(chunksOf([Array.from({ length: 200 }, () => source)], 'values.k1.zzz').length).toBeGreaterThan(10)
  })

  it('compares each name only once with each pattern', () => {
    const source = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${index}`, index]))
    const globs = Array.from({ length: 100 }, (_, index) => `values.*a${index}*`).join(',')
    const chunks = chunksOf(
      Array.from({ length: 100 }, () => [source]),
      globs,
    )
    expect(chunks.length).toBeLessThan(5)
  })

  it('shows the root when nothing passes, in each format', () => {
    const query = completed(tableOf(['a']))
    const presentation = { ...plain, filterPath: 'zzz' }
    expect(textOf(yamlWriter(query, presentation))).toBe('--- {}\n')
    expect(bytesOf(cborWriter(query, presentation)).toString('hex')).toBe('bfff')
  })
})
