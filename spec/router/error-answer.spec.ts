import { ERROR_STATUS, QueryError, RoutingError } from '../../lib/core/errors'
import { toErrorResponse } from '../../lib/router/error-answer'

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
    'answers the unexpected %p with a 500 that hides it',
    (thrown) => {
      const error = { type: 'exception', reason: 'internal error' }
      expect(toErrorResponse(thrown)).toEqual({
        status: 500,
        headers: {},
        body: { error: { root_cause: [error], ...error }, status: 500 },
      })
    },
  )

  it('writes a routing error as plain text', () => {
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

  it('does not show the cause of an error', () => {
    const error = new QueryError('exception', 'public', { cause: new Error('private') })
    expect(JSON.stringify(toErrorResponse(error, { errorTrace: true }))).not.toContain('private')
  })
})
