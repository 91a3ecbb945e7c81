import fc from 'fast-check'
import { withTimes, writeRequest } from '../../../lib/stores/elasticsearch/submit-body'

const DAY_MS = 86_400_000
const DEFAULTS = { waitMs: 1_000, keepAliveMs: 5 * DAY_MS }

function changed(text: string, times: Partial<typeof DEFAULTS> = {}): string {
  return withTimes(Buffer.from(text), { ...DEFAULTS, ...times }).toString()
}

describe('a submitted body', () => {
  it.each([
    '{"query":"ROW n = 9007199254740993"}',
    ' {\n "query" : "ROW 1" /* c */ , "wait_for_completion_timeout" : "1s", "keep_alive": "120h" } ',
    '{"keep_alive":"5d","query":"\u00fc \ud83d\udd11","params":[1.0, 1e2, -0, 18446744073709551615]}',
  ])('is not touched where its times are right: %s', (text) => {
    const body = Buffer.from(text)
    expect(withTimes(body, DEFAULTS)).toBe(body)
  })

  it.each([
    ['{"query":"Q"}', { waitMs: 0 }, '{"wait_for_completion_timeout":"0","query":"Q"}'],
    [
      '{ "query":"Q"}',
      { waitMs: 20, keepAliveMs: 60_000 },
      '{"wait_for_completion_timeout":"20ms","keep_alive":"60000ms", "query":"Q"}',
    ],
    [
      '{"keep_alive":"9d","query":"Q","wait_for_completion_timeout":"1h"}',
      { keepAliveMs: 60_000 },
      '{"keep_alive":"60000ms","query":"Q","wait_for_completion_timeout":"1000ms"}',
    ],
    [
      '{"filter":{"keep_alive":"1h"},"params":[{"keep_alive":"1h"}],"query":"Q"}',
      { keepAliveMs: 1 },
      '{"keep_alive":"1ms","filter":{"keep_alive":"1h"},"params":[{"keep_alive":"1h"}],"query":"Q"}',
    ],
    [
      '{"query":"Q","wait_for_completion_timeout":-1}',
      { waitMs: 0 },
      '{"query":"Q","wait_for_completion_timeout":-1}',
    ],
    ['/* { */ {"query":"Q"}', { waitMs: 0 }, '/* { */ {"wait_for_completion_timeout":"0","query":"Q"}'],
  ])('gets the times that apply and keeps the rest: %s', (text, times, expected) => {
    expect(changed(text, times)).toBe(expected)
  })

  it('keeps every other field, whatever it holds', () => {
    fc.assert(
      fc.property(fc.json(), fc.json(), (one, other) => {
        const text = `{"a":${one},"query":"Q","keep_alive":"1h","b":${other}}`
        expect(changed(text, { waitMs: 7 })).toBe(
          `{"wait_for_completion_timeout":"7ms",${text.slice(1).replace('"keep_alive":"1h","b":', '"keep_alive":"432000000ms","b":')}`,
        )
      }),
    )
  })
})

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
})
