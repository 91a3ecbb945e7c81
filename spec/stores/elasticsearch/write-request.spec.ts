import { writeRequest } from '../../../lib/stores/elasticsearch/write-request'

describe('a request in our words', () => {
  it('becomes a body with exact numbers', () => {
    const body = writeRequest(
      {
        query: 'FROM x | WHERE n > ?n',
        params: [
          { name: 'n', value: 9007199254740993n },
          { name: 'c', kind: 'identifier', value: 'col' },
        ],
        filter: { range: { n: { gte: -9223372036854775808n, lt: undefined } } },
        timeZone: 'Europe/Paris',
        columnar: true,
        extra: { project_routing: 'p' },
      },
      { waitMs: 0.5, keepAliveMs: -1 },
      true,
    )
    expect(body.toString()).toBe(
      '{"project_routing":"p","query":"FROM x | WHERE n > ?n",' +
        '"params":[{"n":{"value":9007199254740993}},{"c":{"identifier":"col"}}],' +
        '"filter":{"range":{"n":{"gte":-9223372036854775808}}},"time_zone":"Europe/Paris","columnar":true,' +
        '"wait_for_completion_timeout":"1ms","keep_alive":"0","keep_on_completion":true}',
    )
  })

  it.each([
    [{ columnMetadata: true }, { column_metadata: true }],
    [
      { columnMetadata: true, extra: { settings: { approximation: true } } },
      { column_metadata: true, approximation: true },
    ],
    [{ columnMetadata: true, extra: { settings: { column_metadata: 'true' } } }, { column_metadata: 'true' }],
    [{ extra: { settings: { time_zone: 'Z' } } }, { time_zone: 'Z' }],
    [{}, undefined],
  ])('asks for the metadata of columns: %j', (request, settings) => {
    const body = writeRequest({ query: 'x', ...request }, { waitMs: 0, keepAliveMs: 1 }, false)
    expect(JSON.parse(body.toString()).settings).toEqual(settings)
  })
})
