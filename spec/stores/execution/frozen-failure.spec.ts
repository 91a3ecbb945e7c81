import { runInNewContext } from 'node:vm'
import { describeError } from '../../../lib/core/describe-error'
import { QueryError } from '../../../lib/core/errors'
import { freezeFailure } from '../../../lib/stores/execution/frozen-failure'

describe('freezeFailure', () => {
  it('keeps all parts of a QueryError that the client gets', () => {
    const failure = new QueryError('parsing_exception', 'line 1:1', {
      status: 418,
      metadata: { line: 1 },
      headers: { 'retry-after': '1' },
      causedBy: { type: 'a', reason: 'b', causedBy: { type: 'c', reason: 'd' } },
    })
    const { error } = freezeFailure(failure)
    expect(error).not.toBe(failure)
    expect({ ...error, stack: error.stack }).toEqual({ ...failure, stack: failure.stack })
    expect([error.message, 'cause' in error]).toEqual(['line 1:1', false])
  })

  it('does not change when the engine changes its error later', () => {
    const metadata: Record<string, number> = { line: 1 }
    const { error } = freezeFailure(new QueryError('parsing_exception', 'line 1:1', { metadata }))
    metadata.line = 2
    expect(error.metadata).toEqual({ line: 1 })
    expect([error.metadata, error.headers].every(Object.isFrozen)).toBe(true)
  })

  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })

  it.each([
    ['an error', new TypeError('broken', { cause: refused })],
    ['a text', 'broken'],
    ['a number', 42],
    ['nothing', undefined],
    ['an object', { password: 'x' }],
  ])('keeps those parts of %s that a log shows', (_what, fault) => {
    const { error } = freezeFailure(fault)
    expect(error).toMatchObject({ type: 'exception', status: 500, reason: 'the query engine failed' })
    expect(describeError(error.cause)).toEqual(describeError(fault))
    const { error: known } = freezeFailure(new QueryError('exception', 'broken', { cause: fault }))
    expect(describeError(known.cause)).toEqual(describeError(fault))
  })

  it('recognizes errors of another realm', () => {
    const { error } = freezeFailure(runInNewContext('new TypeError("broken")'))
    expect(describeError(error.cause)).toMatchObject({ name: 'TypeError', message: 'broken' })
  })

  it('cuts long texts of a cause, and endless chains of causes', () => {
    const fault = Object.assign(new Error('m'.repeat(1_000_000)), { code: 'c'.repeat(1_000_000) })
    fault.cause = fault
    const { error, bytes } = freezeFailure(fault)
    const { message, stack, code } = describeError(error.cause)
    expect([message.length, stack?.length, code?.length]).toEqual([4_000, 4_000, 4_000])
    expect(bytes).toBeLessThan(100_000)
  })

  it('measures what the client gets, and the texts of the cause', () => {
    const weight = (reason: string, options = {}): number =>
      freezeFailure(new QueryError('exception', reason, options)).bytes
    const bytes = weight('')
    expect(weight('x'.repeat(100_000))).toBeGreaterThan(bytes + 100_000)
    expect(weight('', { metadata: { index: 'x'.repeat(100_000) } })).toBeGreaterThan(bytes + 100_000)
    expect(weight('', { causedBy: { type: 'a', reason: 'x'.repeat(100_000) } })).toBeGreaterThan(
      bytes + 100_000,
    )
    expect(weight('', { cause: 'x'.repeat(3_000) })).toBeGreaterThan(bytes + 3_000)
  })

  it.each([
    [
      'throws when it is read',
      Object.defineProperty(new Error(), 'message', {
        get() {
          throw new Error('no')
        },
      }),
    ],
    ['has an endless chain of causes for the client', new QueryError('a', 'b', { causedBy: circle() })],
    ['has metadata that is no text', new QueryError('a', 'b', { metadata: { f: (() => {}) as never } })],
  ])('returns a failure of its own for an error that %s', (_how, fault) => {
    const { error } = freezeFailure(fault)
    expect(error).toMatchObject({
      type: 'exception',
      reason: 'the query engine failed',
      cause: new TypeError('The error that the query engine failed with cannot be read'),
    })
  })
})

function circle(): { type: string; reason: string } {
  const cause = { type: 'a', reason: 'b' }
  return Object.assign(cause, { causedBy: cause })
}
