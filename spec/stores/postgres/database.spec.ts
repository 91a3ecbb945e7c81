import { DatabaseError } from 'pg'
import { isOutage } from '../../../lib/stores/postgres/database'

function withCode(code: string): Error {
  return Object.assign(new DatabaseError('no', 2, 'error'), { code })
}

describe('isOutage', () => {
  it.each([
    ['a connection that breaks', withCode('08006')],
    ['a server that shuts down', withCode('57P01')],
    ['a server that starts', withCode('57P03')],
    ['too many connections', withCode('53300')],
    ['a disk that is full', withCode('53100')],
    ['a deadlock', withCode('40P01')],
    ['a statement that took too long', withCode('57014')],
    ['a server that only reads, after a failover', withCode('25006')],
    ['a socket without a server', withCode('ECONNREFUSED')],
    ['a socket that the server has closed', withCode('EPIPE')],
    ['a pool without a free connection', new Error('timeout exceeded when trying to connect')],
  ])('takes %s for one', (_, error) => {
    expect(isOutage(error)).toBe(true)
  })

  it.each([
    ['a table that is not there', withCode('42P01')],
    ['a right that is missing', withCode('42501')],
    ['a text that is no text', withCode('22021')],
    ['a fault in code', new TypeError('no')],
  ])('does not take %s for one', (_, error) => {
    expect(isOutage(error)).toBe(false)
  })
})
