import type { Value } from '../../lib/core/result'
import type { QueryParam } from '../../lib/core/store'
import { sampleEngine } from '../../lib/sample/engine'
import { alice, failure, run, SAMPLES } from '../support/sample-queries'

describe('FROM many', () => {
  it('has as many rows as asked for', async () => {
    const { values } = await run('FROM many | LIMIT 3')
    expect(values).toEqual([
      [0, 9007199254740993n, 'item 0', 0, Date.UTC(2020, 0, 1), true],
      [1, 9007199254740994n, 'item 1', 0.25, Date.UTC(2020, 0, 1, 0, 1), false],
      [2, 9007199254740995n, 'item 2', 0.5, Date.UTC(2020, 0, 1, 0, 2), true],
    ])
  })

  it.each([
    ['FROM many', 1_000],
    ['from many|limit 0', 0],
    ['FROM many | LIMIT 100000', 100_000],
  ])('`%s` has %d', async (query, rows) => {
    expect((await run(query)).values).toHaveLength(rows)
  })

  it('has no more than 100000', async () => {
    expect(await failure('FROM many | LIMIT 100001')).toEqual([
      'verification_exception',
      'Found 1 problem\nline 1:1: the sample engine has [100000] rows, not [100001]',
    ])
  })

  it('ends when the signal fires', async () => {
    const controller = new AbortController()
    const context = { signal: controller.signal, report() {}, owner: alice, caller: { owner: alice } }
    const running = sampleEngine(() => SAMPLES)({ query: 'FROM many | LIMIT 100000' }, context)
    controller.abort(new Error('enough'))
    await expect(running).rejects.toThrow('enough')
  })
})

describe('ROW x = ?', () => {
  it.each<[Value, string, Value]>([
    [null, 'null', null],
    [true, 'boolean', true],
    ['a', 'keyword', 'a'],
    [0.5, 'double', 0.5],
    [1e300, 'double', 1e300],
    [-2147483648, 'integer', -2147483648],
    [2147483648, 'long', 2147483648],
    [9223372036854775807n, 'long', 9223372036854775807n],
    [9223372036854775808n, 'unsigned_long', 9223372036854775808n],
    [18446744073709551616n, 'double', 2 ** 64],
    [[1, 4294967296], 'long', [1, 4294967296]],
    [[1, 0.5], 'double', [1, 0.5]],
    [[9007199254740993n, 0.5], 'double', [9007199254740992, 0.5]],
    [['a', 'b'], 'keyword', ['a', 'b']],
  ])('gives %p back as %s', async (value, type, cell) => {
    expect(await run('ROW x = ?', [{ value }])).toEqual({ columns: [{ name: 'x', type }], values: [[cell]] })
  })

  it.each([
    ['ROW a = ?, b = ?', [{ value: 1 }, { value: 2 }]],
    ['ROW b = ?2 , a=?1', [{ value: 1 }, { value: 2 }]],
    [
      'row a = ?first, b = ?second',
      [
        { name: 'second', value: 2 },
        { name: 'first', value: 1 },
      ],
    ],
  ])('`%s` gives each placeholder its own parameter', async (query, params) => {
    const { columns, values } = await run(query, params)
    expect(Object.fromEntries(columns.map(({ name }, index) => [name, values[0]?.[index]]))).toEqual({
      a: 1,
      b: 2,
    })
  })

  it.each<[string, QueryParam[], string, string]>([
    ['ROW a = ?, b = ?', [{ value: 1 }], 'parsing_exception', 'line 1:1: Not enough actual parameters 1'],
    ['ROW a = ?3', [{ value: 1 }], 'parsing_exception', 'line 1:1: Unknown query parameter [3]'],
    ['ROW a = ?x', [{ name: 'y', value: 1 }], 'parsing_exception', 'line 1:1: Unknown query parameter [x]'],
    [
      'ROW a = ?',
      [{ value: [1, 'a'] }],
      'verification_exception',
      'Found 1 problem\nline 1:1: a multi-value has one type, not [integer, keyword]',
    ],
  ])('`%s` with %j fails', async (query, params, type, reason) => {
    expect(await failure(query, params)).toEqual([type, reason])
  })
})
