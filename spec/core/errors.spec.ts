import { abbreviated, isQueryError, QueryError } from '../../lib/core/errors'

describe('QueryError', () => {
  it.each([422, null, 'x'])('refuses the options %j', (options) => {
    expect(() => new QueryError('x', 'y', options as never)).toThrow(
      new TypeError('QueryError takes the status among its options: { status: 400 }'),
    )
  })

  it('has the status of its type, a given one, or 500 for a type that is not listed', () => {
    expect([
      new QueryError('circuit_breaking_exception', 'x').status,
      new QueryError('circuit_breaking_exception', 'x', { status: 503 }).status,
      new QueryError('my_engine_exception', 'x').status,
      new QueryError('constructor', 'x').status,
    ]).toEqual([429, 503, 500, 500])
  })

  it('recognizes errors of another copy of the package', () => {
    const foreign = Object.assign(new Error('x'), {
      [Symbol.for('express-esql-async-query.QueryError')]: true,
    })
    expect(
      [new QueryError('x', 'x'), foreign, new Error('x'), 'x', null, undefined].map(isQueryError),
    ).toEqual([true, true, false, false, false, false])
  })
})

describe('abbreviated', () => {
  it.each([
    [undefined, 'null'],
    ['', ''],
    ['x'.repeat(1_000), 'x'.repeat(1_000)],
    ['x'.repeat(1_001), `${'x'.repeat(1_000)}...`],
  ])('writes %j', (text, expected) => {
    expect(abbreviated(text)).toBe(expected)
  })
})
