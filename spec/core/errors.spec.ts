import { ERROR_STATUS, isQueryError, QueryError, RoutingError, toErrorResponse } from '../../lib/core/errors'

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

  it('is known by its mark, also when another copy of the package made it', () => {
    const foreign = Object.assign(new Error('x'), {
      [Symbol.for('express-esql-async-query.QueryError')]: true,
    })
    expect(
      [new QueryError('x', 'x'), foreign, new Error('x'), 'x', null, undefined].map(isQueryError),
    ).toEqual([true, true, false, false, false, false])
  })

  it('keeps its cause to itself', () => {
    const error = new QueryError('exception', 'public', { cause: new Error('private') })
    expect(JSON.stringify(toErrorResponse(error, { errorTrace: true }))).not.toContain('private')
  })
})

describe('toErrorResponse', () => {
  it.each(Object.entries(ERROR_STATUS))('answers %s with %i', (type, status) => {
    const error = { type, reason: 'why' }
    expect(toErrorResponse(new QueryError(type, 'why'))).toEqual({
      status,
      headers: {},
      body: { error: { root_cause: [error], ...error }, status },
    })
  })

  it.each([new Error('secret'), 'secret', undefined, null, { reason: 'secret' }])(
    'answers the unexpected %p with a 500 that does not tell',
    (thrown) => {
      const error = { type: 'exception', reason: 'internal error' }
      expect(toErrorResponse(thrown)).toEqual({
        status: 500,
        headers: {},
        body: { error: { root_cause: [error], ...error }, status: 500 },
      })
    },
  )

  it('writes what routing finds as plain text', () => {
    expect(toErrorResponse(new RoutingError(405, 'no', { Allow: 'GET' }))).toEqual({
      status: 405,
      headers: { Allow: 'GET' },
      body: { error: 'no', status: 405 },
    })
  })

  it('never attaches a trace to a 401', () => {
    const error = new QueryError('security_exception', 'no', { headers: { 'WWW-Authenticate': 'Bearer' } })
    const object = { type: 'security_exception', reason: 'no', header: { 'WWW-Authenticate': 'Bearer' } }
    expect(toErrorResponse(error, { errorTrace: true }).body).toEqual({
      error: { root_cause: [object], ...object },
      status: 401,
    })
  })
})
