import { atOnce } from '../../lib/core/turns'
import { parseJson } from '../../lib/json/parse'
import type { BodyOperation } from '../../lib/request/submit-fields'
import { readBody, readBodyFields } from '../../lib/request/submit-fields'

const TOKENS = {
  START_OBJECT: '{"a":1}',
  START_ARRAY: '[1]',
  VALUE_STRING: '"x"',
  VALUE_NUMBER: '1',
  VALUE_BOOLEAN: 'true',
  VALUE_NULL: 'null',
} as const

type Token = keyof typeof TOKENS

const OBJECT: readonly Token[] = ['START_OBJECT']
const TEXT: readonly Token[] = ['VALUE_STRING']
const BOOLEAN: readonly Token[] = ['VALUE_BOOLEAN', 'VALUE_STRING']
const TIME: readonly Token[] = ['VALUE_STRING', 'VALUE_NUMBER', 'VALUE_BOOLEAN', 'VALUE_NULL']
const ANYTHING = Object.keys(TOKENS) as readonly Token[]

const ACCEPTED: Readonly<Record<string, readonly Token[]>> = {
  query: TEXT,
  columnar: BOOLEAN,
  filter: OBJECT,
  params: ANYTHING,
  locale: TEXT,
  time_zone: TEXT,
  profile: BOOLEAN,
  include_ccs_metadata: BOOLEAN,
  include_execution_metadata: BOOLEAN,
  tables: OBJECT,
  pragma: OBJECT,
  accept_pragma_risks: BOOLEAN,
  settings: OBJECT,
  project_routing: TEXT,
  approximation: ANYTHING,
  wait_for_completion_timeout: TIME,
  keep_alive: TIME,
  keep_on_completion: BOOLEAN,
}

const read = (text: string) => atOnce(readBodyFields(parseJson(text), 'submit'))

const refusalOf = (text: string): { reason: string; causedBy?: { type: string; reason: string } } => {
  try {
    read(text)
  } catch (error) {
    return error as ReturnType<typeof refusalOf>
  }
  throw new Error(`${text} was not refused`)
}

describe('readBodyFields', () => {
  it.each(
    Object.entries(ACCEPTED).flatMap(([name, accepted]) =>
      ANYTHING.filter((token) => !accepted.includes(token)).map((token) => [name, token] as const),
    ),
  )('refuses %s as %s, with its position', (name, token) => {
    expect(() => read(`{"${name}":${TOKENS[token]}}`)).toThrow(
      expect.objectContaining({
        type: 'x_content_parse_exception',
        status: 400,
        reason: `[1:${name.length + 5}] [esql/async_query] ${name} doesn't support values of type: ${token}`,
      }),
    )
  })

  it.each<[string, string, unknown]>([
    ['query', '"FROM a"', 'FROM a'],
    ['query', '""', ''],
    ['locale', '"de-DE"', 'de-DE'],
    ['project_routing', '"_alias:x"', '_alias:x'],
    ['time_zone', '"Europe/Paris"', 'Europe/Paris'],
    ['time_zone', '"Z"', 'Z'],
    ['time_zone', '"+02:00"', '+02:00'],
    ...Object.keys(ACCEPTED)
      .filter((name) => ACCEPTED[name] === BOOLEAN)
      .flatMap((name): [string, string, unknown][] => [
        [name, 'true', true],
        [name, '"true"', true],
        [name, 'false', false],
        [name, '"false"', false],
      ]),
    ...Object.keys(ACCEPTED)
      // The names in `settings` are not free.
      .filter((name) => ACCEPTED[name] === OBJECT && name !== 'settings')
      .flatMap((name): [string, string, unknown][] => [
        [name, '{}', {}],
        [name, '{"b":{"c":[1,null]},"a":18446744073709551615}', { b: { c: [1, null] }, a: 2n ** 64n - 1n }],
      ]),
    ['settings', '{"approximation":18446744073709551615}', { approximation: 2n ** 64n - 1n }],
    ...Object.values(TOKENS).map((text): [string, string, unknown] => [
      'approximation',
      text,
      JSON.parse(text),
    ]),
    ...['keep_alive', 'wait_for_completion_timeout'].flatMap((name): [string, string, unknown][] => [
      [name, '"2s"', 2_000],
      [name, '"0"', 0],
      [name, '0', 0],
      [name, '-1', -1],
    ]),
    ['params', '[{"a":2}]', [{ name: 'a', value: 2 }]],
    ['params', '[]', []],
  ])('reads %s: %s', (name, text, value) => {
    expect(read(`{"${name}":${text}}`)).toEqual({ [name]: value })
  })

  it.each([
    ['columnar', '"yes"', 'Failed to parse value [yes] as only [true] or [false] are allowed.'],
    ['time_zone', '"Mars"', 'Unknown time-zone ID: Mars'],
    [
      'keep_alive',
      '1',
      'failed to parse setting [keep_alive] with value [1] as a time value: unit is missing or unrecognized',
    ],
    [
      'keep_alive',
      'true',
      'failed to parse setting [keep_alive] with value [true] as a time value: unit is missing or unrecognized',
    ],
    ['keep_alive', 'null', "Can't get text on a VALUE_NULL at 1:15"],
    ...(['START_OBJECT', 'VALUE_STRING', 'VALUE_NUMBER', 'VALUE_BOOLEAN', 'VALUE_NULL'] as const).map(
      (token): [string, string, string] => [
        'params',
        TOKENS[token],
        `Unexpected token [${token}] at 1:11, expected START_ARRAY. ` +
          "Please check documentation for the correct format of the 'params' field.",
      ],
    ),
  ])('names the fault in %s: %s', (name, text, cause) => {
    const { reason, causedBy } = refusalOf(`{"${name}":${text}}`)
    // The refusal of an object names its end.
    const column = name.length + 5 + (text.startsWith('{') ? text.length - 1 : 0)
    expect(reason).toBe(`[1:${column}] [esql/async_query] failed to parse field [${name}]`)
    expect(causedBy?.reason).toBe(cause)
  })

  it.each([
    ['{"quer":1}', '[1:2] [esql/async_query] unknown field [quer] did you mean [query]?'],
    ['{"query":"x",\n"zzz":1}', '[2:1] [esql/async_query] unknown field [zzz]'],
    ['{"toString":1}', '[1:2] [esql/async_query] unknown field [toString]'],
    ['{"__proto__":1}', '[1:2] [esql/async_query] unknown field [__proto__]'],
    [`{"${'n'.repeat(2_000)}":1}`, `[1:2] [esql/async_query] unknown field [${'n'.repeat(1_000)}...]`],
    ['[]', '[1:1] [esql/async_query] Expected START_OBJECT but was: START_ARRAY'],
    ['null', '[1:1] [esql/async_query] Expected START_OBJECT but was: VALUE_NULL'],
    [' ', '[1:1] [esql/async_query] Expected START_OBJECT but was: null'],
    ['/* nothing */', '[1:1] [esql/async_query] Expected START_OBJECT but was: null'],
  ])('refuses body %#', (text, reason) => {
    expect(refusalOf(text).reason).toBe(reason)
  })

  it('stops at the first fault', () => {
    expect(refusalOf('{"query":1,"zzz":1}').reason).toContain("query doesn't support")
  })

  it.each([
    ['columnar', `"${'y'.repeat(5_000)}"`],
    ['time_zone', `"${'y'.repeat(5_000)}"`],
    ['keep_alive', `"${'5'.repeat(5_000)}"`],
  ])('quotes only the beginning of a long text: %s', (name, text) => {
    expect(refusalOf(`{"${name}":${text}}`).causedBy?.reason.length).toBeLessThan(1_200)
  })

  it('reads a body that the host application has parsed, without positions', () => {
    const parsed = (body: object) => atOnce(readBody(body, 'submit')).fields
    expect(parsed({ query: 'x', params: [{ a: 1 }], filter: { b: 1 } })).toEqual({
      query: 'x',
      params: [{ name: 'a', value: 1 }],
      filter: { b: 1 },
    })
    expect(() => parsed({ query: 1 })).toThrow(
      "[-1:-1] [esql/async_query] query doesn't support values of type: VALUE_NUMBER",
    )
  })

  it('reads only the gateway’s own fields of a body that another server reads', () => {
    const fields = '"query":1,"future":{},"params":2'
    const lenient = (text: string, operation: BodyOperation = 'submit') =>
      atOnce(readBodyFields(parseJson(text), operation, true))
    expect(lenient(`{${fields},"keep_alive":"1s","keep_on_completion":"true"}`)).toEqual({
      keep_alive: 1_000,
      keep_on_completion: true,
    })
    expect(lenient(`{${fields},"keep_alive":"5x","keep_on_completion":5}`, 'query')).toEqual({})
    expect(() => lenient(`{${fields},"keep_alive":"5x"}`)).toThrow(
      expect.objectContaining({ type: 'x_content_parse_exception' }),
    )
    expect(() => lenient('[]')).toThrow(expect.objectContaining({ type: 'x_content_parse_exception' }))
  })
})

describe('the body of a synchronous query', () => {
  const refusal = (text: string) =>
    errorOf(() => atOnce(readBodyFields(parseJson(text), 'query'))) as { type: string; reason: string }

  it('has every field of a submit but for those of an async query', () => {
    expect(Object.keys(ACCEPTED).filter((name) => isKnown(name))).toEqual(
      Object.keys(ACCEPTED).filter(
        (name) => !['wait_for_completion_timeout', 'keep_alive', 'keep_on_completion'].includes(name),
      ),
    )
  })

  function isKnown(name: string): boolean {
    const error = errorOf(() => atOnce(readBodyFields(parseJson(`{"${name}":1}`), 'query'))) as
      | Error
      | undefined
    return !error?.message.includes('unknown field')
  }

  it.each([
    ['{"keep_alive":"1d"}', '[1:2] [esql/query] unknown field [keep_alive]'],
    ['{"keep_on_complete":true}', '[1:2] [esql/query] unknown field [keep_on_complete]'],
    ['{"colunmar":true}', '[1:2] [esql/query] unknown field [colunmar] did you mean [columnar]?'],
    ['{"query":1}', "[1:10] [esql/query] query doesn't support values of type: VALUE_NUMBER"],
    ['{"columnar":"x"}', '[1:13] [esql/query] failed to parse field [columnar]'],
    ['[]', '[1:1] [esql/query] Expected START_OBJECT but was: START_ARRAY'],
  ])('is refused by the name of its own parser, with its own fields: %s', (text, reason) => {
    expect(refusal(text)).toMatchObject({ type: 'x_content_parse_exception', reason })
  })
})

function errorOf(read: () => unknown): unknown {
  try {
    read()
    return undefined
  } catch (error) {
    return error
  }
}
