import fc from 'fast-check'
import { isQueryError } from '../../lib/errors'
import type { JsonNode } from '../../lib/request/json-body'
import { locate, parseJson } from '../../lib/request/json-body'

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
    const root = parseJson('{\n  "a": [1,\n "x"] }') as JsonNode
    const [field] = root.fields
    expect({
      root: [root.token, root.location, root.end],
      name: [field?.name, field?.location],
      value: [field?.node.token, field?.node.location, field?.node.end],
      items: field?.node.items.map(({ token, location }) => [token, location]),
    }).toEqual({
      root: ['START_OBJECT', '[1:1]', '[3:7]'],
      name: ['a', '[2:3]'],
      value: ['START_ARRAY', '[2:8]', '[3:5]'],
      items: [
        ['VALUE_NUMBER', '[2:9]'],
        ['VALUE_STRING', '[3:2]'],
      ],
    })
  })

  it.each([
    ['{"a":1,}', 'x_content_parse_exception', '[1:8] Property name expected'],
    ['{"a" 1}', 'x_content_parse_exception', '[1:6] Colon expected'],
    ['{"a":01}', 'x_content_parse_exception', '[1:7] Comma expected'],
    ['{"a":1} x', 'x_content_parse_exception', '[1:9] Invalid symbol'],
    ['{"a":1} {}', 'x_content_parse_exception', '[1:9] End of file expected'],
    ['{"a":1,"a":2}', 'x_content_parse_exception', "[1:8] Duplicate field 'a'"],
    ['{"a":"\n"}', 'x_content_parse_exception', '[1:6] Unexpected end of string'],
    ['{"a":', 'x_content_e_o_f_exception', '[1:6] Unexpected end-of-input'],
    ['{"a":"b', 'x_content_e_o_f_exception', '[1:6] Unexpected end-of-input'],
    ['[1, 2', 'x_content_e_o_f_exception', '[1:6] Unexpected end-of-input'],
    ['{', 'x_content_e_o_f_exception', '[1:2] Unexpected end-of-input'],
  ])('refuses %j', (text, type, reason) => {
    expect(() => parseJson(text)).toThrow(expect.objectContaining({ type, reason, status: 400 }))
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

describe('locate', () => {
  it('makes the tree that parsing makes, with positions unknown', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const parsed = JSON.parse(JSON.stringify(value))
        expect(withoutPositions(locate(parsed))).toEqual(
          withoutPositions(parseJson(JSON.stringify(value)) as JsonNode),
        )
      }),
    )
  })

  it('refuses what is nested too deep', () => {
    let value: unknown = 1
    for (let depth = 0; depth < 1_100; depth += 1) value = [value]
    expect(() => locate(value)).toThrow(expect.objectContaining({ type: 'x_content_parse_exception' }))
  })
})

function withoutPositions({ token, value, fields, items }: JsonNode): unknown {
  return {
    token,
    value,
    fields: fields.map(({ name, node }) => [name, withoutPositions(node)]),
    items: items.map(withoutPositions),
  }
}
