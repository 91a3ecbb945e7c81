import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { isQueryError } from '../../lib/core/errors'
import { JsonText } from '../../lib/core/json-text'
import type { ValueObject } from '../../lib/core/result'
import { atOnce } from '../../lib/core/turns'
import type { JsonNode } from '../../lib/json/parse'
import { checkedJson, locate, parseAnswer, parseInTurns, parseJson, valueIn } from '../../lib/json/parse'
import { heapGrowth } from '../support/memory-heap'

const VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"

const located = (value: unknown) => atOnce(locate(value)) as JsonNode
const parsedValue = (text: string) => parseJson(text)?.value

/** A value with the precision that `JSON.parse` has. */
function withNumbers(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(withNumbers)
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withNumbers(item)]))
}

describe('parseJson', () => {
  it('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(withNumbers(parsedValue(text))).toEqual(JSON.parse(text))
      }),
    )
  })

  it.each([
    ['9007199254740993', 9007199254740993n],
    ['-18446744073709551616', -18446744073709551616n],
    ['[9007199254740992]', [9007199254740992n]],
    ['9007199254740991', 9007199254740991],
    ['1e400', Number.POSITIVE_INFINITY],
    ['-0', -0],
    ['{"__proto__": {"a": 1}}', JSON.parse('{"__proto__": {"a": 1}}')],
    ['/* why */ {"a": 1} // end', { a: 1 }],
    ['', undefined],
    [' \n ', undefined],
  ])('reads %j exactly', (text, value) => {
    expect(parsedValue(text)).toEqual(value)
  })

  it('tells where names and values stand', () => {
    const root = parseJson('{\n  "a": [1,\n "x", {"b" : [ ]}] }') as JsonNode
    const [field] = root.fields
    const list = field?.node as JsonNode
    const starts = [...atOnce(list.source.itemStarts(list.start, [1, 2]))]
    expect({
      root: [root.token, root.location, root.end],
      name: [field?.name, field?.location],
      value: [field?.node.token, field?.node.location, field?.node.end],
      items: starts.map(([index, start]) => [index, list.source.lines.locate(start)]),
    }).toEqual({
      root: ['START_OBJECT', '[1:1]', '[3:20]'],
      name: ['a', '[2:3]'],
      value: ['START_ARRAY', '[2:8]', '[3:18]'],
      items: [
        [1, '[3:2]'],
        [2, '[3:7]'],
      ],
    })
  })

  it.each([
    [
      '{"a":1,}',
      "[1:8] Unexpected character ('}' (code 125)): was expecting double-quote to start field name",
    ],
    ['{a:1}', "[1:2] Unexpected character ('a' (code 97)): was expecting double-quote to start field name"],
    [
      '{"a" 1}',
      "[1:6] Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value",
    ],
    [
      '{"a":1 "b":2}',
      "[1:8] Unexpected character ('\"' (code 34)): was expecting comma to separate Object entries",
    ],
    ['[1 2]', "[1:4] Unexpected character ('2' (code 50)): was expecting comma to separate Array entries"],
    ['[1;2]', "[1:3] Unexpected character (';' (code 59)): was expecting comma to separate Array entries"],
    ['{"a":1]', "[1:7] Unexpected close marker ']': expected '}'"],
    ['[1}', "[1:3] Unexpected close marker '}': expected ']'"],
    ['[1,]', "[1:4] Unexpected character (']' (code 93)): expected a value"],
    ['[,]', "[1:2] Unexpected character (',' (code 44)): expected a value"],
    ['{"a":}', "[1:6] Unexpected character ('}' (code 125)): expected a value"],
    ['{"a":#}', `[1:6] Unexpected character ('#' (code 35)): expected a valid value ${VALUES}`],
    ['{"a":.5}', `[1:6] Unexpected character ('.' (code 46)): expected a valid value ${VALUES}`],
    ['{"a":\'x\'}', `[1:6] Unexpected character (''' (code 39)): expected a valid value ${VALUES}`],
    ['{"a":€}', `[1:6] Unexpected character ('€' (code 8364 / 0x20ac)): expected a valid value ${VALUES}`],
    ['{"a":abc-def}', `[1:6] Unrecognized token 'abc': was expecting ${VALUES}`],
    ['tru', `[1:1] Unrecognized token 'tru': was expecting ${VALUES}`],
    ['{"a":1} x', `[1:9] Unrecognized token 'x': was expecting ${VALUES}`],
    ['{"a":1} {}', "[1:9] Unexpected character ('{' (code 123)): was expecting end of input"],
    ['{"a":01}', '[1:7] Invalid numeric value: Leading zeroes not allowed'],
    ['{"a":-01}', '[1:8] Invalid numeric value: Leading zeroes not allowed'],
    [
      '{"a":-x}',
      "[1:6] Unexpected character ('x' (code 120)) in numeric value: expected digit (0-9) to follow minus sign, for valid numeric value",
    ],
    [
      '{"a":1.}',
      "[1:6] Unexpected character ('}' (code 125)) in numeric value: Decimal point not followed by a digit",
    ],
    [
      '{"a":1e}',
      "[1:6] Unexpected character ('}' (code 125)) in numeric value: Exponent indicator not followed by a digit",
    ],
    ['{"a":1,"a":2}', "[1:8] Duplicate field 'a'"],
    ['{"__proto__":1,"__proto__":2}', "[1:16] Duplicate field '__proto__'"],
    [
      '{"a":"\n"}',
      '[1:6] Illegal unquoted character ((CTRL-CHAR, code 10)): has to be escaped using backslash to be included in string value',
    ],
    ['{"a":"\\u0041\\x"}', "[1:6] Unrecognized character escape 'x' (code 120)"],
    ['{"a":"\\x"}', "[1:6] Unrecognized character escape 'x' (code 120)"],
    [
      '{"a":"\\u12g4"}',
      "[1:6] Unexpected character ('g' (code 103)): expected a hex-digit for character escape sequence",
    ],
  ])('refuses %j', (text, reason) => {
    expect(() => parseJson(text)).toThrow(
      expect.objectContaining({ type: 'x_content_parse_exception', reason, status: 400 }),
    )
  })

  it.each([
    ['{"a":', '[1:6]'],
    ['{"a":"b', '[1:6]'],
    ['{"a":"b\\', '[1:6]'],
    ['[1, 2', '[1:6]'],
    ['[1,', '[1:4]'],
    ['{', '[1:2]'],
    ['{"a"', '[1:5]'],
    ['{"a":-', '[1:6]'],
    ['{"a":1e', '[1:6]'],
    ['{"a":1 /* 2', '[1:8]'],
  ])('finds the end too early in %j', (text, location) => {
    expect(() => parseJson(text)).toThrow(
      expect.objectContaining({
        type: 'x_content_e_o_f_exception',
        reason: `${location} Unexpected end-of-input`,
        status: 400,
      }),
    )
  })

  it.each([
    ['9'.repeat(1_001), 1_001],
    [`-${'9'.repeat(1_001)}`, 1_001],
    [`0.${'9'.repeat(1_001)}`, 1_002],
    [`1.5e${'9'.repeat(1_001)}`, 1_003],
  ])('refuses a number of too many digits (%#)', (literal, length) => {
    expect(() => parseJson(`[${literal}]`)).toThrow(
      expect.objectContaining({
        type: 'x_content_parse_exception',
        reason: `[1:2] Number value length (${length}) exceeds the maximum allowed (1000, from \`StreamReadConstraints.getMaxNumberLength()\`)`,
      }),
    )
  })

  it('reads the longest number there can be', () => {
    expect(parsedValue(`-${'9'.repeat(1_000)}`)).toBe(1n - 10n ** 1_000n)
  })

  it('keeps the first thousand fields as nodes, and all as values', () => {
    const members = Array.from({ length: 1_500 }, (_, index) => `"k${index}":${index}`)
    const root = parseJson(`{${members.join(',')}}`) as JsonNode
    expect([root.fields.length, Object.keys(root.value as object).length]).toEqual([1_000, 1_500])
  })

  it('reads as many fields of an object as a body of a mebibyte can have, and refuses more', () => {
    const objectOf = (count: number) =>
      `[{"a":{${Array.from({ length: count }, (_, index) => `"${index.toString(36)}x":1`).join()}}}]`
    expect(Object.keys((parsedValue(objectOf(131_072)) as [{ a: object }])[0].a)).toHaveLength(131_072)
    expect(() => parseJson(objectOf(131_073))).toThrow(
      expect.objectContaining({
        type: 'x_content_parse_exception',
        reason: expect.stringMatching(
          /^\[1:\d+\] Number of fields of an object \(131073\) exceeds the maximum allowed \(131072\)$/,
        ),
      }),
    )
  })

  it.each([
    ['objects and arrays', 2 ** 20, (count: number) => `[${'{},[],'.repeat((count - 2) / 2)}[]]`],
    ['items', 2 ** 21, (count: number) => `[${'1,'.repeat(count - 3)}[1],"2"]`],
  ])('reads as many %s as a body may have, and refuses more', (what, limit, listOf) => {
    expect(parsedValue(listOf(limit))).toBeInstanceOf(Array)
    expect(() => parseJson(listOf(limit + 2))).toThrow(
      expect.objectContaining({
        type: 'x_content_parse_exception',
        reason: expect.stringMatching(
          new RegExp(
            `^\\[1:\\d+\\] Number of ${what} \\(${limit + 1}\\) exceeds the maximum allowed \\(${limit}\\)$`,
          ),
        ),
      }),
    )
  })

  it('keeps the items of long lists in their order, wherever the lists stand', () => {
    const numbers = Array.from({ length: 70_000 }, (_, index) => index)
    const value = [1, numbers, [[], numbers, 2], { a: numbers, b: [3] }]
    expect(isDeepStrictEqual(parsedValue(JSON.stringify(value)), value)).toBe(true)
  })

  it('refuses a document that is nested too deep', () => {
    expect(() => parseJson('['.repeat(100_000))).toThrow(
      expect.objectContaining({
        type: 'x_content_parse_exception',
        reason: '[1:1001] Document nesting depth (1001) exceeds the maximum allowed (1000)',
      }),
    )
  })

  it('reads or refuses any text, and never fails in another way', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:\\/*-+.e019tfn \n\u0000') }), (text) => {
        try {
          parseJson(text)
        } catch (error) {
          expect(isQueryError(error)).toBe(true)
        }
      }),
      { numRuns: 1_000 },
    )
  })
})

/** So much text is read between two pauses. */
const PART = 65_536

/** Reads a text in parts. Returns the value or the refusal, and counts the pauses. */
function inParts(text: string, length?: number): { outcome: unknown; pauses: number } {
  const work = parseInTurns(text, length)
  let pauses = 0
  try {
    for (;;) {
      const step = work.next()
      if (step.done) return { outcome: step.value?.value, pauses }
      pauses += 1
    }
  } catch (error) {
    if (!isQueryError(error)) throw error
    const { type, reason, causedBy } = error
    return { outcome: { type, reason, causedBy }, pauses }
  }
}

describe('a text that is read in parts', () => {
  const filling = (unit: string, length: number): string => unit.repeat(Math.ceil(length / unit.length))

  it.each<[string, (length: number) => string]>([
    ['numbers', (length) => `[${filling('1,', length)}1]`],
    ['empty lists', (length) => `[${filling('[],', length)}[]]`],
    ['deep lists', (length) => `[${filling(`${'['.repeat(900)}${']'.repeat(900)},`, length)}1]`],
    ['deep objects', (length) => `[${filling(`${'{"a":'.repeat(900)}1${'}'.repeat(900)},`, length)}1]`],
    ['fields', (length) => `{${filling('"a":1,', 0)}"a":[${filling('{"b":1},', length)}1]}`],
    ['one text', (length) => `["${filling('x', length)}"]`],
    ['one text of escapes', (length) => `["${filling('\\u0041\\n\\"', length)}"]`],
    ['one text of pairs', (length) => `["${filling('\\ud83e\\udd14🤔', length)}"]`],
    ['one name', (length) => `{"${filling('x', length)}":1}`],
    ['blanks', (length) => `[${filling(' \r\n\t', length)}1]`],
    ['comments', (length) => `[${filling('/*x*/', length)}1]`],
    ['one comment', (length) => `[/*${filling('*', length)}*/1]`],
    ['one comment to the end of its line', (length) => `[//${filling('x', length)}\n1]`],
  ])('pauses after each 64 KiB of %s, and is read as in one part', (_what, textOf) => {
    const text = textOf(4.5 * PART)
    const { outcome, pauses } = inParts(text)
    expect([4, 5, 6, 7]).toContain(pauses)
    const value = JSON.parse(text.replace(/\/\*.*?\*\/|\/\/.*/g, ''))
    expect(isDeepStrictEqual(outcome, value)).toBe(true)
    expect(inParts(textOf(PART / 2)).pauses).toBe(0)
  })

  it('has the same value or the same fault, wherever a part ends', () => {
    const piece = fc.constantFrom(
      ...['{', '}', '[', ']', ',', ':', '"', '"a":', '"b"', '1', '01', '1.', '1e', '-', 'true', 'nul'],
      ...[' ', '\n', '\r', '\r\n', '\t', '\f', '//', '/*', '*/', '/* x */', '{"a":[1,{}]}'],
      ...[
        '\\',
        '\\n',
        '\\u0041',
        '\\u00',
        '\\x',
        '\\"',
        '\\ud83e',
        '\u0001',
        '漢',
        '🤔',
        'a text that is longer',
      ],
    )
    const text = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''))
    const inText = text.map((inner) => `{"query":"${inner}"}`)
    fc.assert(
      fc.property(fc.oneof(text, inText), fc.integer({ min: 8, max: 40 }), (body, length) => {
        expect(inParts(body, length).outcome).toEqual(inParts(body).outcome)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('a value that parseJson has read', () => {
  it.each([
    ['a text', '"America/Argentina/Buenos_Aires"'],
    ['a text with escapes', '"America\\/Argentina\\/Buenos_Aires"'],
    ['a text of thirteen characters', '"a/b/c/d/e/f/g"'],
    ['a CJK text', '"漢字漢字漢字漢字漢字漢字漢字漢字"'],
    ['a name', '{"a_name_of_more_than_a_few_characters":1}'],
    ['a list', '["the first of two texts","the second of two texts"]'],
    ['a number', '12345678901234567890'],
  ])('does not keep the body alive: %s', async (_what, literal) => {
    const kept: unknown[] = []
    const growth = await heapGrowth(() => {
      for (let index = 0; index < 20; index += 1) {
        const body = Buffer.from(`{"value":${' '.repeat(200_000)}${literal}}`).toString()
        kept.push(parseJson(body)?.value)
      }
    })
    expect(kept).toHaveLength(20)
    expect(growth).toBeLessThan(2_000_000)
  })
})

describe('locate', () => {
  it('makes the tree that parsing makes, with positions unknown', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const parsed = JSON.parse(JSON.stringify(value))
        expect(withoutPositions(located(parsed))).toEqual(
          withoutPositions(parseJson(JSON.stringify(value)) as JsonNode),
        )
      }),
    )
  })

  it('keeps integers of any length', () => {
    expect(located({ n: 2n ** 64n, missing: undefined }).value).toEqual({ n: 2n ** 64n })
  })

  it('refuses what is nested too deep', () => {
    let value: unknown = 1
    for (let depth = 0; depth < 1_100; depth += 1) value = [value]
    expect(() => located(value)).toThrow(expect.objectContaining({ type: 'x_content_parse_exception' }))
  })
})

function withoutPositions(node: JsonNode): unknown {
  const { token, value, fields } = node
  return { token, value, fields: fields.map((field) => [field.name, withoutPositions(field.node)]) }
}

describe('parseAnswer', () => {
  const SPELLED = '{"b" : 1.0,\n"10":{"a":1,"a":2}}'
  const kept = new JsonText(SPELLED)
  const [row, plainRow] = [`[[1,${SPELLED},[${SPELLED},null]]]`, '[[1,{"a":1},[{"a":1},null]]]']
  const inRow = [[1, kept, [kept, null]]]
  const plainInRow = [[1, { a: 1 }, [{ a: 1 }, null]]]

  it.each<[string, string, unknown]>([
    ['an answer', `{"values":${row}}`, { values: inRow }],
    ['rows that a stop keeps', `{"partial_values":${row}}`, { partial_values: inRow }],
    [
      'a catalogue',
      `{"queries":[{"response":{"values":${row}},"partial_values":${row}}]}`,
      { queries: [{ response: { values: inRow }, partial_values: inRow }] },
    ],
    ['several responses', `{"responses":[{"values":${row}}]}`, { responses: [{ values: inRow }] }],
  ])('keeps the spelling of objects in the cells of %s', (_what, text, value) => {
    expect(parseAnswer(text)?.value).toStrictEqual(value)
  })

  it.each<[string, string, unknown]>([
    ['in a profile', `{"profile":{"values":${plainRow}}}`, { profile: { values: plainInRow } }],
    ['in other lists', `{"rows":${plainRow}}`, { rows: plainInRow }],
    ['that are rows', '{"values":[{"a":1.0}]}', { values: [{ a: 1 }] }],
    ['in no field', plainRow, plainInRow],
  ])('reads objects %s', (_what, text, value) => {
    expect(parseAnswer(text)?.value).toStrictEqual(value)
  })

  it('keeps a document that holds rows of its own as one', () => {
    const text = `{"values":${row}}`
    expect(parseAnswer(`{"values":[[${text}]]}`)?.value).toStrictEqual({ values: [[new JsonText(text)]] })
  })

  it('keeps a document that is as deep as Elasticsearch reads, wherever it stands', () => {
    const deep = (levels: number) => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`
    const around = (text: string) => `{"queries":[{"responses":[{"values":[[${text}]]}]}]}`
    expect(parseAnswer(around(deep(1_000)))?.value).toMatchObject({ queries: [{}] })
    expect(() => parseAnswer(around(deep(1_001)))).toThrow('exceeds the maximum allowed (1000)')
  })

  it('refuses doubled names outside of cells, and faults within', () => {
    expect(() => parseAnswer('{"values":[],"values":[]}')).toThrow("Duplicate field 'values'")
    expect(() => parseAnswer('{"values":[[{"a":01}]]}')).toThrow('[1:19] Invalid numeric value')
  })

  it('keeps no more text than that of the document', async () => {
    const kept: unknown[] = []
    const read = (index: number) => {
      const text = `{"values":[[{"a":${index}.0,"b":"long enough"}]],"rest":"${'x'.repeat(10_000)}"}`
      const { values } = (parseAnswer(text) as JsonNode).value as ValueObject
      kept.push(values)
    }
    const growth = await heapGrowth(() => {
      for (let index = 0; index < 1_000; index += 1) read(index)
    })
    expect(kept).toHaveLength(1_000)
    expect(growth).toBeLessThan(2_000_000)
  })
})

describe('checkedJson', () => {
  it('reads a text once', () => {
    const checked = checkedJson(new JsonText('[1.0] // one'))
    expect(checked).toStrictEqual(new JsonText('[1.0]'))
    expect(checkedJson(checked)).toBe(checked)
  })

  it('says nothing of a text that is no JSON', () => {
    expect(() => checkedJson(new JsonText('secret'))).toThrow(new TypeError('it has a text that is no JSON'))
  })
})

describe('valueIn', () => {
  it('is exact, and has the last of two fields of one name', () => {
    const text = checkedJson(new JsonText('{"a":1,"__proto__":{"b":9007199254740993},"a":1.5}'))
    expect(valueIn(text)).toEqual(
      JSON.parse('{"a":1.5,"__proto__":{"b":0}}', (key, value) => (key === 'b' ? 2n ** 53n + 1n : value)),
    )
  })
})
