import { readAsyncQuery } from '../../../../lib/stores/elasticsearch/answers/snapshot'

const meta = { bucket: { interval: 1, unit: 'day' } }
const COLUMNS = [
  { name: 'day', type: 'date', _meta: meta },
  { name: 'n', type: 'long' },
]

function read(body: object, warning?: string | string[]) {
  const headers = warning === undefined ? {} : { warning }
  const answer = { status: 200, headers, body: Buffer.from(JSON.stringify({ is_running: false, ...body })) }
  return readAsyncQuery(answer, undefined, {})
}

describe('readAsyncQuery', () => {
  it('reads all that a cluster of 9.5 says about a result', async () => {
    const body = {
      is_partial: false,
      documents_found: 1,
      values_loaded: 2,
      rows_emitted: 3,
      bytes_read: 4,
      read_nanos: 5,
      cpu_nanos: 6,
      approximation_applied: true,
      columns: COLUMNS,
      values: [],
    }
    const warning =
      '299 Elasticsearch-9.5.4-0123456789abcdef0123456789abcdef01234567 "a \\"b\\" 100%25 %E2%82%AC"'
    expect(await read(body, warning)).toEqual({
      isRunning: false,
      isPartial: false,
      columnMetadata: true,
      result: {
        columns: [
          { name: 'day', type: 'date', meta },
          { name: 'n', type: 'long' },
        ],
        values: [],
        statistics: {
          documentsFound: 1,
          valuesLoaded: 2,
          rowsEmitted: 3,
          bytesRead: 4,
          readNanos: 5,
          cpuNanos: 6,
        },
        approximationApplied: true,
        warnings: ['a "b" 100% \u20ac'],
      },
    })
  })

  it('reads nothing that the cluster does not say', async () => {
    expect(await read({ columns: COLUMNS.slice(1), values: [[1]] })).toEqual({
      isRunning: false,
      isPartial: false,
      result: { columns: [{ name: 'n', type: 'long' }], values: [[1]] },
    })
  })

  const FIRST = '299 Elasticsearch-9.5.4-unknown "one, with a comma"'
  const SECOND = '299 Elasticsearch-8.19.0-SNAPSHOT-0123456 "two"'

  it.each<[string, string | string[], string[] | undefined]>([
    ['in lines of their own', [FIRST, SECOND], ['one, with a comma', 'two']],
    ['in one line', `${FIRST}, ${SECOND}`, ['one, with a comma', 'two']],
    ['of a proxy, which are none of the engine', '110 proxy "Response is Stale"', undefined],
    ['that are empty', '', undefined],
  ])('reads warnings %s', async (_, warning, warnings) => {
    const query = await read({ columns: [], values: [] }, warning)
    expect(query).toEqual({
      isRunning: false,
      isPartial: false,
      result: { columns: [], values: [], ...(warnings && { warnings }) },
    })
  })
})
