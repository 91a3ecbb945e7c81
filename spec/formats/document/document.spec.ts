import type { Column } from '../../../lib/core/result'
import type { AsyncQuery, CompletedQuery } from '../../../lib/core/store'
import { jsonWriter } from '../../../lib/formats/json/json'
import type { Presentation } from '../../../lib/formats/writer'
import { bytesOf, family, normalized } from '../../support/json-family'
import { plain, textOf } from '../../support/tables'

const START = Date.UTC(2026, 0, 2, 3, 4, 5, 6)
const EXPIRATION = START + 432_000_000

function json(query: AsyncQuery, presentation: Partial<Presentation> = {}): string {
  return textOf(jsonWriter(query, { ...plain, ...presentation }))
}

const finished: CompletedQuery = {
  isRunning: false,
  isPartial: false,
  result: { columns: [{ name: 'n', type: 'integer' }], values: [[1]] },
}

describe('the answer for a running query', () => {
  it('shows the id, the state and no rows', () => {
    expect(json({ isRunning: true, id: 'abc' })).toBe(
      '{"id":"abc","is_running":true,"documents_found":0,"values_loaded":0,"columns":[],"values":[]}',
    )
  })

  it('shows all counters and its times where they are known', () => {
    expect(json({ isRunning: true, id: 'abc', startTimeMs: START, expirationTimeMs: EXPIRATION })).toBe(
      '{"id":"abc","is_running":true,"documents_found":0,"values_loaded":0,"rows_emitted":0,"bytes_read":0,' +
        `"read_nanos":0,"cpu_nanos":0,"start_time_in_millis":${START},` +
        `"expiration_time_in_millis":${EXPIRATION},"columns":[],"values":[]}`,
    )
  })

  it('lists no columns at all when null columns are dropped', () => {
    expect(json({ isRunning: true, id: 'abc' }, { dropNullColumns: true })).toBe(
      '{"id":"abc","is_running":true,"documents_found":0,"values_loaded":0,"all_columns":[],"columns":[],"values":[]}',
    )
  })
})

describe('the answer for a finished query', () => {
  it('tells only what is known', () => {
    expect(json(finished)).toBe(
      '{"is_running":false,"documents_found":0,"values_loaded":0,' +
        '"columns":[{"name":"n","type":"integer"}],"values":[[1]]}',
    )
  })

  it('tells everything in the order of Elasticsearch 9.5', () => {
    const query: CompletedQuery = {
      ...finished,
      id: 'abc',
      tookNanos: 42_999_999,
      isPartial: true,
      startTimeMs: START,
      expirationTimeMs: EXPIRATION,
      result: {
        ...finished.result,
        statistics: {
          documentsFound: 1,
          valuesLoaded: 2,
          rowsEmitted: 3,
          bytesRead: 4,
          readNanos: 5,
          cpuNanos: 6,
        },
        approximationApplied: false,
        profile: { drivers: [] },
        clusters: { total: 1, details: { '(local)': { status: 'successful' } } },
      },
    }
    expect(json(query)).toBe(
      '{"id":"abc","is_running":false,"took":42,"is_partial":true,' +
        `"completion_time_in_millis":${START + 42},"documents_found":1,"values_loaded":2,"rows_emitted":3,` +
        `"bytes_read":4,"read_nanos":5,"cpu_nanos":6,"approximation_applied":false,"start_time_in_millis":${START},` +
        `"expiration_time_in_millis":${EXPIRATION},"columns":[{"name":"n","type":"integer"}],"values":[[1]],` +
        '"_clusters":{"total":1,"details":{"(local)":{"status":"successful"}}},"profile":{"drivers":[]}}',
    )
  })

  describe('with metadata of columns', () => {
    const query: CompletedQuery = {
      isRunning: false,
      isPartial: false,
      columnMetadata: true,
      result: {
        columns: [
          {
            name: 'day',
            type: 'date',
            originalTypes: ['date'],
            meta: { bucket: { interval: 1, unit: 'day' } },
          },
          { name: 'price', type: 'double', meta: { bucket: { interval: 100 } } },
          { name: 'none', type: 'long' },
          { name: 'x', type: 'keyword', meta: { a: [{ n: 2n ** 64n }], interval: 0.5 } },
        ],
        values: [[null, 1, 2, null]],
      },
    }
    const DAY =
      '{"name":"day","type":"date","original_types":["date"],"suggested_cast":"keyword",' +
      '"_meta":{"bucket":{"interval":1,"unit":"day"}}}'
    const PRICE = '{"name":"price","type":"double","_meta":{"bucket":{"interval":100.0}}}'
    const NONE = '{"name":"none","type":"long"}'
    const X = '{"name":"x","type":"keyword","_meta":{"a":[{"n":18446744073709551616}],"interval":0.5}}'

    it('shows it in every list of columns', () => {
      const shown = { dropNullColumns: true, filterPath: 'all_columns,columns' }
      expect(json(query, shown)).toBe(
        `{"all_columns":[${DAY},${PRICE},${NONE},${X}],"columns":[${PRICE},${NONE}]}`,
      )
    })

    it('shows none to a client that has not asked for it', () => {
      const text = json({ ...query, columnMetadata: false })
      expect(text).toContain(
        `[{"name":"day","type":"date","original_types":["date"],"suggested_cast":"keyword"},`,
      )
      expect(text).not.toContain('_meta')
    })

    it('is filtered like other fields', () => {
      expect(json(query, { filterPath: 'columns._meta.bucket' })).toBe(
        '{"columns":[{"_meta":{"bucket":{"interval":1,"unit":"day"}}},{"_meta":{"bucket":{"interval":100.0}}}]}',
      )
    })

    it.each(family)('is the same as %s', (_, writer, decode) => {
      const { columns } = decode(bytesOf(writer(query, plain))) as { columns: object[] }
      expect(normalized(columns[1])).toEqual({
        name: 'price',
        type: 'double',
        _meta: { bucket: { interval: 100 } },
      })
    })
  })

  it('does not tell whether it is partial where it does not tell how long it took', () => {
    expect(json({ ...finished, isPartial: true })).toBe(json(finished))
  })

  it('does not tell when it completed where it does not know when it began', () => {
    expect(json({ ...finished, tookNanos: 1e6 }, { filterPath: 'took,is_partial,*_time_in_millis' })).toBe(
      '{"took":1,"is_partial":false}',
    )
  })

  it('leaves out counters that the engine does not have', () => {
    const result = { ...finished.result, statistics: { documentsFound: 7, cpuNanos: 1.5 } }
    expect(json({ ...finished, result }, { filterPath: '-columns,-values' })).toBe(
      '{"is_running":false,"documents_found":7,"values_loaded":0,"cpu_nanos":2}',
    )
  })

  it.each(family)('writes counters of any size as %s', (_, writer, decode) => {
    const result = {
      ...finished.result,
      statistics: {
        documentsFound: 2 ** 60,
        valuesLoaded: 2 ** 63,
        bytesRead: 2 ** 90,
        cpuNanos: -(2 ** 64),
      },
    }
    const written = decode(bytesOf(writer({ ...finished, result }, { ...plain, filterPath: '*_*' })))
    expect(written).toEqual({
      is_running: false,
      documents_found: 2n ** 60n,
      values_loaded: 2n ** 63n,
      bytes_read: 2n ** 90n,
      cpu_nanos: -(2n ** 64n),
    })
  })

  it.each(family)('leaves out counters and times that are no numbers, as %s', (_, writer, decode) => {
    const statistics = { documentsFound: Number.NaN, bytesRead: Number.POSITIVE_INFINITY, cpuNanos: 1 }
    const query = {
      ...finished,
      tookNanos: Number.NaN,
      startTimeMs: Number.POSITIVE_INFINITY,
      expirationTimeMs: Number.NaN,
      result: { ...finished.result, statistics },
    }
    const presentation = { ...plain, human: true, filterPath: '*_*,took' }
    expect(normalized(decode(bytesOf(writer(query, presentation))))).toEqual({
      is_running: false,
      is_partial: false,
      values_loaded: 0,
      cpu_nanos: 1,
    })
  })

  it('writes times as whole milliseconds', () => {
    const query = { ...finished, tookNanos: 1_600_000, startTimeMs: 10.4, expirationTimeMs: 20.5 }
    expect(json(query, { filterPath: '*_in_millis' })).toBe(
      '{"completion_time_in_millis":11,"start_time_in_millis":10,"expiration_time_in_millis":21}',
    )
  })

  it('tells people the times before their twins', () => {
    const query = { ...finished, tookNanos: 1e6, startTimeMs: START, expirationTimeMs: EXPIRATION }
    expect(json(query, { human: true, filterPath: '*_time*' })).toBe(
      `{"completion_time":"2026-01-02T03:04:05.007Z","completion_time_in_millis":${START + 1},` +
        `"start_time":"2026-01-02T03:04:05.006Z","start_time_in_millis":${START},` +
        `"expiration_time":"2026-01-07T03:04:05.006Z","expiration_time_in_millis":${EXPIRATION}}`,
    )
  })

  it('drops the columns without values from rows and columns, and lists them among all', () => {
    const result = {
      columns: ['a', 'b', 'c'].map((name): Column => ({ name, type: 'keyword' })),
      values: [
        [null, 'x', []],
        [null, null, [null]],
      ],
    }
    const presentation = { dropNullColumns: true, filterPath: '**.name,values' }
    expect(json({ ...finished, result }, presentation)).toBe(
      '{"all_columns":[{"name":"a"},{"name":"b"},{"name":"c"}],"columns":[{"name":"b"}],"values":[["x"],[null]]}',
    )
    expect(json({ ...finished, result, columnar: true }, presentation)).toBe(
      '{"all_columns":[{"name":"a"},{"name":"b"},{"name":"c"}],"columns":[{"name":"b"}],"values":[["x",null]]}',
    )
  })

  it.each<[originalTypes: readonly string[] | undefined, suggestedCast: string | undefined, json: string]>([
    [undefined, undefined, ''],
    [undefined, 'keyword', ',"suggested_cast":"keyword"'],
    [[], undefined, ',"original_types":[]'],
    [['foo', 'bar'], undefined, ',"original_types":["foo","bar"]'],
    [['foo', 'ip'], undefined, ',"original_types":["foo","ip"],"suggested_cast":"keyword"'],
    [['ip', 'keyword'], undefined, ',"original_types":["ip","keyword"],"suggested_cast":"keyword"'],
    [['ip', 'unsupported'], undefined, ',"original_types":["ip","unsupported"]'],
    [
      ['date_nanos', 'date'],
      undefined,
      ',"original_types":["date_nanos","date"],"suggested_cast":"date_nanos"',
    ],
    [
      ['date', 'date_nanos', 'ip'],
      undefined,
      ',"original_types":["date","date_nanos","ip"],"suggested_cast":"keyword"',
    ],
    [
      ['float', 'aggregate_metric_double'],
      undefined,
      ',"original_types":["float","aggregate_metric_double"],"suggested_cast":"aggregate_metric_double"',
    ],
    [
      ['aggregate_metric_double', 'ip'],
      undefined,
      ',"original_types":["aggregate_metric_double","ip"],"suggested_cast":"keyword"',
    ],
    [['ip', 'keyword'], 'ip', ',"original_types":["ip","keyword"],"suggested_cast":"ip"'],
  ])('describes a column of the types %j with the cast %s', (originalTypes, suggestedCast, described) => {
    const column: Column = {
      name: 'c',
      type: 'unsupported',
      ...(originalTypes && { originalTypes }),
      ...(suggestedCast && { suggestedCast }),
    }
    expect(json({ ...finished, result: { columns: [column], values: [] } }, { filterPath: 'columns' })).toBe(
      `{"columns":[{"name":"c","type":"unsupported"${described}}]}`,
    )
  })
})
