import type { Column } from '../../../lib/core/result'
import type { KnownColumns } from '../../../lib/stores/execution/shared-columns'
import { SharedColumns } from '../../../lib/stores/execution/shared-columns'

const HOST: Column = { name: 'host', type: 'keyword' }
const LOAD: Column = { name: 'load', type: 'double' }

function known(...columns: Column[]): KnownColumns {
  return { columns, bytes: columns.length }
}

describe('SharedColumns', () => {
  it('gives the list whose columns have the same names and types, in the same order', () => {
    const shared = new SharedColumns()
    const [both, one, none] = [known(HOST, LOAD), known(HOST), known()]
    for (const list of [both, one, none]) shared.add(list, list.columns)
    expect(shared.find([{ ...HOST }, { ...LOAD }])).toBe(both)
    expect(shared.find([{ ...HOST, originalTypes: undefined, meta: undefined }])).toBe(one)
    expect(shared.find([])).toBe(none)
  })

  it.each<[string, unknown]>([
    ['another name', [{ ...HOST, name: 'hosts' }, LOAD]],
    ['another type', [{ ...HOST, type: 'text' }, LOAD]],
    ['another order', [LOAD, HOST]],
    ['a column more', [HOST, LOAD, LOAD]],
    ['a column less', [HOST]],
    ['original types', [{ ...HOST, originalTypes: ['ip'] }, LOAD]],
    ['a suggested cast', [{ ...HOST, suggestedCast: 'keyword' }, LOAD]],
    ['metadata', [HOST, { ...LOAD, meta: {} }]],
    ['metadata that is null', [HOST, { ...LOAD, meta: null }]],
    ['columns that are null', [null, undefined]],
    ['a list with a hole', Object.assign(new Array(2), { 1: LOAD })],
    ['a list of holes', new Array(2)],
    ['something that is no list', { length: 2, 0: HOST, 1: LOAD }],
    ['nothing', undefined],
  ])('gives none to %s', (_, columns) => {
    const shared = new SharedColumns()
    shared.add(known(HOST, LOAD), [HOST, LOAD])
    expect(shared.find(columns)).toBeUndefined()
  })

  it('remembers the eight lists that were asked for last', () => {
    const shared = new SharedColumns()
    const lists = Array.from({ length: 9 }, (_, no) => known(HOST, { name: `c${no}`, type: 'long' }))
    const [first, second, ...others] = lists
    for (const list of [first, second]) if (list) shared.add(list, list.columns)
    expect(shared.find(first?.columns)).toBe(first)
    for (const list of others) shared.add(list, list.columns)
    expect(lists.map(({ columns }) => shared.find(columns))).toEqual([first, undefined, ...others])
  })

  it.each<[string, Column[], unknown]>([
    ['a name that was not well-formed', [{ ...HOST, name: 'h\ufffd' }], [{ ...HOST, name: 'h\ud800' }]],
    ['metadata that is null', [HOST], [{ ...HOST, meta: null }]],
  ])('remembers no list that was made of one with %s, which it would not find again', (_, columns, given) => {
    const shared = new SharedColumns()
    const lists = Array.from({ length: 8 }, (_each, no) => known({ name: `c${no}`, type: 'long' }))
    for (const list of lists) shared.add(list, list.columns)
    shared.add(known(...columns), given)
    expect(lists.map((list) => shared.find(list.columns))).toEqual(lists)
  })

  it.each<[string, Column[]]>([
    ['many columns', Array<Column>(101).fill(HOST)],
    ['long names', [{ ...HOST, name: 'x'.repeat(101) }]],
    ['metadata', [{ ...HOST, meta: { unit: 'day' } }]],
    ['original types', [HOST, { ...LOAD, originalTypes: ['float'] }]],
  ])('remembers no list with %s', (_, columns) => {
    const shared = new SharedColumns()
    shared.add(known(...columns), columns)
    expect(shared.find(columns)).toBeUndefined()
  })
})
