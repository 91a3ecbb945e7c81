import type { ValueObject } from '../../../lib/result'
import { cborWriter } from '../../../lib/writers/binary/cbor'
import { filtered } from '../../../lib/writers/document/filter-path'
import { writeTree } from '../../../lib/writers/document/tree'
import { JsonSink } from '../../../lib/writers/json/json-sink'
import { yamlWriter } from '../../../lib/writers/yaml/yaml'
import { bytesOf } from '../../support/json-family'
import { completed, plain, tableOf, textOf } from '../../support/tables'

function filter(tree: ValueObject, filterPath: string): unknown {
  const sink = new JsonSink()
  writeTree(filtered(sink, filterPath), tree)
  return JSON.parse(sink.take())
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

  it('shows the root when nothing passes, in each format', () => {
    const query = completed(tableOf(['a']))
    const presentation = { ...plain, filterPath: 'zzz' }
    expect(textOf(yamlWriter(query, presentation))).toBe('--- {}\n')
    expect(bytesOf(cborWriter(query, presentation)).toString('hex')).toBe('bfff')
  })
})
