import { isQueryError } from '../../lib/core/errors'
import type { Value, ValueObject } from '../../lib/core/result'
import { readError, readResult, readState } from '../../lib/json/elasticsearch-body'

const COLUMNS = [
  { name: 'n', type: 'long' },
  { name: 'u', type: 'unsupported', original_types: ['date', 'ip'], suggested_cast: 'keyword' },
]

const RESULT: ValueObject = {
  took: 5,
  is_partial: true,
  documents_found: 9,
  values_loaded: 18n,
  rows_emitted: 2,
  bytes_read: 3,
  read_nanos: 4,
  cpu_nanos: 5,
  approximation_applied: false,
  warnings: ['No limit defined'],
  columns: [...COLUMNS, { name: 'd', type: 'date', _meta: { bucket: { interval: 1, unit: 'day' } } }],
  values: [
    [1, null, null],
    [9007199254740993n, null, null],
  ],
  profile: { drivers: [] },
  _clusters: { total: 1 },
  later: true,
}

const ERROR: ValueObject = {
  error: {
    root_cause: [{ type: 'index_not_found_exception', reason: 'no such index' }],
    type: 'index_not_found_exception',
    reason: 'no such index',
    index: 'gone',
    shard: 3,
    stack_trace: 'at …',
    header: { 'WWW-Authenticate': 'Bearer' },
    caused_by: { type: 'io_exception', reason: 'disk', caused_by: { type: 'a', reason: 'b' } },
  },
  status: 404,
}

describe('a body of Elasticsearch', () => {
  it('reads a result', () => {
    expect(readResult(RESULT)).toEqual({
      columns: [
        { name: 'n', type: 'long' },
        { name: 'u', type: 'unsupported', originalTypes: ['date', 'ip'], suggestedCast: 'keyword' },
        { name: 'd', type: 'date', meta: { bucket: { interval: 1, unit: 'day' } } },
      ],
      values: [
        [1, null, null],
        [9007199254740993n, null, null],
      ],
      statistics: {
        documentsFound: 9,
        valuesLoaded: 18,
        rowsEmitted: 2,
        bytesRead: 3,
        readNanos: 4,
        cpuNanos: 5,
      },
      isPartial: true,
      approximationApplied: false,
      warnings: ['No limit defined'],
      profile: { drivers: [] },
      clusters: { total: 1 },
    })
  })

  it('leaves out what a result does not say', () => {
    expect(readResult({ is_partial: false, columns: [], values: [] })).toEqual({
      columns: [],
      values: [],
    })
  })

  it('reads each counter without the others', () => {
    expect(readResult({ columns: [], values: [], cpu_nanos: 5 }).statistics).toEqual({
      cpuNanos: 5,
    })
  })

  it('turns columns into rows', () => {
    const columnar = {
      columns: COLUMNS,
      values: [
        [1, 2, 3],
        ['a', null],
      ],
    }
    expect(readResult(columnar, true).values).toEqual([
      [1, 'a'],
      [2, null],
      [3, null],
    ])
    expect(readResult({ columns: [], values: [] }, true).values).toEqual([])
  })

  it('reads an error, without the members that Elasticsearch derives', () => {
    expect(readError(ERROR)).toMatchObject({
      type: 'index_not_found_exception',
      reason: 'no such index',
      status: 404,
      metadata: { index: 'gone', shard: 3 },
      causedBy: { type: 'io_exception', reason: 'disk', causedBy: { type: 'a', reason: 'b' } },
    })
    expect(Object.keys(readError(ERROR).metadata)).toEqual(['index', 'shard'])
  })

  it('takes the status of the response before that of the body', () => {
    expect(readError(ERROR, 503).status).toBe(503)
  })

  it('gives an error without a status the one of its type', () => {
    const { status } = readError({ error: { type: 'parsing_exception', reason: 'a' } })
    expect(status).toBe(400)
  })
})

describe('a body that is not as expected', () => {
  it('takes types and fields that a later release adds as they are', () => {
    const columns = [{ name: 'n', type: 'uint128', unit: 'ms' }]
    expect(readResult({ columns, values: [[1]] })).toEqual({
      columns: [{ name: 'n', type: 'uint128' }],
      values: [[1]],
    })
  })

  it('makes of a result what there is', () => {
    expect(readResult({})).toEqual({ columns: [], values: [] })
    expect(readResult({ columns: [null], values: [1, [2]] })).toEqual({
      columns: [{ name: 'undefined', type: 'undefined' }],
      values: [[], [2]],
    })
  })

  it.each<[string, Value, object]>([
    ['a text', 'no handler found', { type: 'exception', reason: 'no handler found' }],
    ['an object without a reason', { type: 'a', reason: null }, { type: 'a', reason: 'null' }],
    [
      'an object with a cause that is none',
      { type: 'a', reason: 'b', caused_by: 'c' },
      { type: 'a', reason: 'b', causedBy: undefined },
    ],
  ])('reads an error that is %s', (_what, error, expected) => {
    const read = readError({ error, status: 200 }, 405)
    expect(isQueryError(read)).toBe(true)
    expect(read).toMatchObject({ ...expected, status: 405 })
  })
})

describe('readState', () => {
  it('reads the fields before the columns', () => {
    const body = {
      id: 'abc',
      is_running: false,
      took: 5,
      start_time_in_millis: 1_700_000_000_000,
      expiration_time_in_millis: 1_700_000_000_000n,
    }
    expect(readState(body)).toEqual({
      id: 'abc',
      isRunning: false,
      tookNanos: 5e6,
      startTimeMs: 1_700_000_000_000,
      expirationTimeMs: 1_700_000_000_000,
    })
  })

  it('leaves out what they do not say', () => {
    expect(readState({ is_running: true })).toEqual({ isRunning: true })
    expect(readState({ took: 'long', expiration_time_in_millis: null })).toEqual({ isRunning: false })
  })
})
