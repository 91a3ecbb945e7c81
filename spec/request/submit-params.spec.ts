import type { JsonNode } from '../../lib/json/parse'
import { locate, parseJson } from '../../lib/json/parse'
import { readParams } from '../../lib/request/submit-params'

const read = (text: string) => readParams(parseJson(text) as JsonNode)

const NAME_RULE =
  'is not a valid parameter name, a valid parameter name starts with a letter or underscore, ' +
  'and contains letters, digits and underscores only'

describe('readParams', () => {
  it.each<[string, ReturnType<typeof read>]>([
    ['[]', []],
    [
      '[1, "a", true, null, 1.5, 9007199254740993, [1, null], []]',
      [1, 'a', true, null, 1.5, 9007199254740993n, [1, null], []].map((value) => ({ value })),
    ],
    [
      '[{"a": 1}, {"_b2": null}, {"a": ["x", "y"]}]',
      [
        { name: 'a', value: 1 },
        { name: '_b2', value: null },
        { name: 'a', value: ['x', 'y'] },
      ],
    ],
    [
      '[{"a": {"value": 1}}, {"b": {"identifier": "c"}}, {"d": {"pattern": "e*"}}, {"f": {"value": [1]}}]',
      [
        { name: 'a', kind: 'value', value: 1 },
        { name: 'b', kind: 'identifier', value: 'c' },
        { name: 'd', kind: 'pattern', value: 'e*' },
        { name: 'f', kind: 'value', value: [1] },
      ],
    ],
    ['[{"__proto__": 1}]', [{ name: '__proto__', value: 1 }]],
  ])('reads %s', (text, params) => {
    expect(read(text)).toEqual(params)
    expect(readParams(locate(parseJson(text)?.value))).toEqual(params)
  })

  it.each([
    ['[[[]]]', '[1:2] START_ARRAY is not supported as a parameter'],
    ['[[1, {}]]', '[1:2] START_ARRAY is not supported as a parameter'],
    ['[{}]', '[1:2] Cannot parse more than one key:value pair as parameter, found []'],
    [
      '[{"b": 1.0, "1": "x", "c": []}]',
      '[1:2] Cannot parse more than one key:value pair as parameter, found [b:1.0, 1:x, c:]',
    ],
    ['[{"1": 1}]', `[1:3] [1] ${NAME_RULE}`],
    ['[{"": 1}]', `[1:3] [] ${NAME_RULE}`],
    ['[{"a-b": 1}]', `[1:3] [a-b] ${NAME_RULE}`],
    ['[{"a": {}}]', '[1:8] START_OBJECT is not supported as a parameter'],
    ['[{"a": {"other": 1}}]', '[1:8] START_OBJECT is not supported as a parameter'],
    ['[{"a": {"value": 1, "pattern": 2}}]', '[1:8] START_OBJECT is not supported as a parameter'],
    ['[{"a": {"value": {}}}]', '[1:8] START_OBJECT is not supported as a parameter'],
    ['[{"a": {"value": [[]]}}]', '[1:8] START_OBJECT is not supported as a parameter'],
    ['[{"a": [[]]}]', '[1:8] START_ARRAY is not supported as a parameter'],
    [
      '[{"a": []}]',
      '[1:8] Empty lists are not allowed as named parameter values. Got parameter [a] with value [[]]',
    ],
    [
      '[{"a": {"value": []}}]',
      '[1:18] Empty lists are not allowed as named parameter values. Got parameter [a] with value [[]]',
    ],
    [
      '[1, {"a": [2, 3]}, "x", [4], null]',
      'Params cannot contain both named and unnamed parameters; got [{a=[2, 3]}] and [1, x, [4], null]',
    ],
    [
      '[{"1": 1},\n {"a": 1, "b": 2}]',
      `[1:3] [1] ${NAME_RULE}; [2:2] Cannot parse more than one key:value pair as parameter, found [a:1, b:2]`,
    ],
  ])('refuses %s', (text, faults) => {
    expect(() => read(text)).toThrow(
      expect.objectContaining({
        type: 'x_content_parse_exception',
        reason: `[1:1] Failed to parse params: ${faults}`,
      }),
    )
  })

  it('reports at most ten faults', () => {
    const faults = Array.from(
      { length: 10 },
      (_, index) => `[1:${2 + 5 * index}] START_ARRAY is not supported as a parameter`,
    )
    expect(() => read(`[${Array(1_000).fill('[[]]').join(',')}]`)).toThrow(
      `[1:1] Failed to parse params: ${faults.join('; ')}`,
    )
  })

  it.each([
    [`[{"1${'n'.repeat(5_000)}": 1}]`],
    [`[{"${'n'.repeat(5_000)}": []}]`],
    [`[{"a": "${'x'.repeat(5_000)}", "b": 1}]`],
    [`[1, {"a": "${'x'.repeat(5_000)}"}]`],
    [`[{"a": 1}, ${Array(5_000).fill('1').join(',')}]`],
    [`[{"a": 1}, [${Array(5_000).fill('1').join(',')}]]`],
  ])('quotes at most a thousand characters (%#)', (text) => {
    expect(() => read(text)).toThrow(/^\[1:1\] Failed to parse params: .{1000}\.\.\.$/)
  })
})
