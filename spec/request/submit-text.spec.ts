import fc from 'fast-check'
import type { SubmitTimes } from '../../lib/core/pass-through'
import { atOnce } from '../../lib/core/turns'
import type { JsonNode } from '../../lib/json/parse'
import { locate, parseJson } from '../../lib/json/parse'
import { submitBodyOf } from '../../lib/request/submit-text'

const DAY_MS = 86_400_000
const DEFAULTS = { waitMs: 1_000, keepAliveMs: 5 * DAY_MS }

/** The text of a submit with other times, from bytes as they come over the wire. */
function changed(text: string, times: Partial<SubmitTimes> = {}): string {
  const bytes = Buffer.from(text)
  const root = parseJson(new TextDecoder().decode(bytes)) as JsonNode
  return submitBodyOf(bytes, root)
    .withTimes({ ...DEFAULTS, ...times })
    .toString()
}

describe('the body of a submit', () => {
  it.each([
    '{"query":"ROW n = 9007199254740993"}',
    ' {\n "query" : "ROW 1" /* c */ , "wait_for_completion_timeout" : "1s", "keep_alive": "120h" } ',
    '{"keep_alive":"5d","query":"\u00fc \ud83d\udd11","params":[1.0, 1e2, -0, 18446744073709551615]}',
  ])('does not change if the client sent these times: %s', (text) => {
    const bytes = Buffer.from(text)
    const body = submitBodyOf(bytes, parseJson(text) as JsonNode)
    expect(body.bytes).toBe(bytes)
    expect(body.withTimes(DEFAULTS)).toBe(bytes)
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
    [
      '{"query":"FROM x | WHERE a == \\"keep_alive\\": \\"1d\\"" /* "keep_alive":"2d" */,"keep_alive" : "3d"}',
      { keepAliveMs: 1 },
      '{"query":"FROM x | WHERE a == \\"keep_alive\\": \\"1d\\"" /* "keep_alive":"2d" */,"keep_alive" : "1ms"}',
    ],
    [
      '{\r\n  "query": "ü 🔑",\r\n  "keep_alive": "3d", // 🔑\r\n  "locale": "ü"\r\n}\r\n',
      { waitMs: 5, keepAliveMs: 1 },
      '{"wait_for_completion_timeout":"5ms",\r\n  "query": "ü 🔑",\r\n  "keep_alive": "1ms", // 🔑\r\n  "locale": "ü"\r\n}\r\n',
    ],
    ['{ }', { waitMs: 0 }, '{"wait_for_completion_timeout":"0" }'],
    ['{}', { waitMs: 0, keepAliveMs: 1 }, '{"wait_for_completion_timeout":"0","keep_alive":"1ms"}'],
    ['\ufeff{"query":"ü"}', { waitMs: 0 }, '\ufeff{"wait_for_completion_timeout":"0","query":"ü"}'],
    ['{"keep\\u005falive":"3d","query":"Q"}', { keepAliveMs: 1 }, '{"keep\\u005falive":"1ms","query":"Q"}'],
  ])('gets other times and keeps everything else: %s', (text, times, expected) => {
    expect(changed(text, times)).toBe(expected)
  })

  it('keeps every other field, whatever its value', () => {
    fc.assert(
      fc.property(fc.json(), fc.json(), (one, other) => {
        const text = `{"a":${one},"query":"Q","keep_alive":"1h","b":${other}}`
        expect(changed(text, { waitMs: 7 })).toBe(
          `{"wait_for_completion_timeout":"7ms",${text.slice(1).replace('"keep_alive":"1h","b":', '"keep_alive":"432000000ms","b":')}`,
        )
      }),
    )
  })

  it('becomes bytes if it came as text', () => {
    const text = '{"query":"ü","keep_alive":"1h"}'
    const body = submitBodyOf(text, parseJson(text) as JsonNode)
    expect(body.bytes.toString()).toBe(text)
    expect(body.withTimes({ ...DEFAULTS, keepAliveMs: 2 }).toString()).toBe(
      '{"query":"ü","keep_alive":"2ms"}',
    )
  })

  it('is written as JSON if the host application has parsed it', () => {
    const value = { query: 'ü', filter: { keep_alive: '1h' }, wait_for_completion_timeout: '1s' }
    const body = submitBodyOf(value, atOnce(locate(value)) as JsonNode)
    expect(body.bytes.toString()).toBe(JSON.stringify(value))
    expect(body.withTimes({ waitMs: 2, keepAliveMs: 3 }).toString()).toBe(
      '{"keep_alive":"3ms","query":"ü","filter":{"keep_alive":"1h"},"wait_for_completion_timeout":"2ms"}',
    )
  })
})

describe('the body of a long submit', () => {
  const text = `{"query":"Q","filter":{"a":"${'x'.repeat(100_000)}"},"keep_alive":"5d"}`
  const bodyOf = (bytes: Buffer) => submitBodyOf(bytes, parseJson(bytes.toString()) as JsonNode)

  it('is given in pieces of the bytes that the client sent, and is not copied', () => {
    const bytes = Buffer.from(text)
    const times = { waitMs: 2, keepAliveMs: 3 }
    const pieces = bodyOf(bytes).piecesWithTimes(times)
    expect(Buffer.concat(pieces)).toEqual(bodyOf(bytes).withTimes(times))
    const copied = pieces.filter((piece) => piece.buffer !== bytes.buffer)
    expect(copied.map(String)).toEqual(['"wait_for_completion_timeout":"2ms",', '"3ms"'])
    expect(pieces.length).toBe(5)
    expect(bodyOf(bytes).piecesWithTimes(DEFAULTS)).toEqual([bytes])
  })

  it('is one piece if it is short', () => {
    const body = bodyOf(Buffer.from('{"query":"Q"}'))
    expect(body.piecesWithTimes({ ...DEFAULTS, waitMs: 0 }).map(String)).toEqual([
      '{"wait_for_completion_timeout":"0","query":"Q"}',
    ])
  })

  it('is empty once it has been let go of', () => {
    const body = bodyOf(Buffer.from(text))
    body.release()
    expect(body.bytes).toHaveLength(0)
  })
})
