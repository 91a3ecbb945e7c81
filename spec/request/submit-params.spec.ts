import { atOnce } from '../../lib/core/turns'
import type { JsonNode } from '../../lib/json/parse'
import { locate, parseJson } from '../../lib/json/parse'
import { readParams } from '../../lib/request/submit-params'

const read = (text: string) => atOnce(readParams(parseJson(text) as JsonNode))
const located = (value: unknown) => atOnce(locate(value)) as JsonNode

const NAME_RULE =
  'is not a valid parameter name, a valid parameter name starts with a letter or underscore, ' +
  'and contains letters, digits and underscores only'
const KIND_RULE = 'is not a valid param attribute, a valid attribute is any of VALUE, IDENTIFIER, PATTERN'
const ONLY_ONE = 'only one of VALUE, IDENTIFIER, PATTERN can be defined in a param'
const ONLY_VALUE = 'parameter is multivalued, only VALUE parameters can be multivalued'
const IDENTIFIER_RULE =
  'is not a valid value for IDENTIFIER parameter, a valid value for IDENTIFIER parameter is a string'
const PATTERN_RULE =
  'is not a valid value for PATTERN parameter, a valid value for PATTERN parameter is a string and contains *'

const noAttribute = (at: string, name: string): string =>
  `${at} [${name}] has no valid param attribute, ${ONLY_ONE}`
const mixed = (named: string, positional: string): string =>
  `Params cannot contain both named and unnamed parameters; got ${named} and ${positional}`

describe('readParams', () => {
  it('reads as many params as the longest query can have, and refuses more', () => {
    const listOf = (count: number) => `[${'1,'.repeat(count - 1)}1]`
    expect(read(listOf(500_000))).toHaveLength(500_000)
    expect(() => read(listOf(500_001))).toThrow(
      expect.objectContaining({
        type: 'x_content_parse_exception',
        reason: 'Failed to parse params: [500001] params exceed the maximum allowed [500000]',
      }),
    )
  })

  it.each<[string, ReturnType<typeof read>]>([
    ['[]', []],
    [
      '[1, "a", true, null, 1.5, 9007199254740993, [1, 1.5, 9007199254740993], []]',
      [1, 'a', true, null, 1.5, 9007199254740993n, [1, 1.5, 9007199254740993n], []].map((value) => ({
        value,
      })),
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
      '[{"a": {"value": 1}}, {"b": {"identifier": "c"}}, {"d": {"Pattern": "e*"}}, {"f": {"value": [1]}}]',
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
    expect(atOnce(readParams(located(parseJson(text)?.value)))).toEqual(params)
  })

  it('passes over an empty object', () => {
    expect([read('[{}]'), read('[{}, 1]'), read('[{"a": 1}, {}]')]).toEqual([
      [],
      [{ value: 1 }],
      [{ name: 'a', value: 1 }],
    ])
  })

  describe.each<[string, (readonly [string, string])[]]>([
    [
      'two pairs in one object',
      [
        [
          '[{"a": 1, "b": 2}]',
          '[1:2] Cannot parse more than one key:value pair as parameter, found [{a:1}, {b:2}]',
        ],
        [
          '[{"x": 1},\n  {"b": 1.5, "c": "x", "d": [1, 2], "e": {"value": true}, "f": null}]',
          '[2:3] Cannot parse more than one key:value pair as parameter, found ' +
            '[{b:1.5}, {c:x}, {d:[1, 2]}, {e:{value=true}}, {f:null}]',
        ],
        [
          '[{"1": 1, "a": []}]',
          '[1:2] Cannot parse more than one key:value pair as parameter, found [{1:1}, {a:[]}]; ' +
            `[1:2] [1] ${NAME_RULE}; ` +
            '[1:2] Empty lists are not allowed as named parameter values. Got parameter [a] with value [[]]',
        ],
      ],
    ],
    [
      'a bad name',
      [
        ['[{"1": 1}]', `[1:2] [1] ${NAME_RULE}`],
        ['[ {"": 1}]', `[1:3] [] ${NAME_RULE}`],
        ['[{"a-b": {"value": 1}}]', `[1:2] [a-b] ${NAME_RULE}`],
        ['[{"a": 1}, {"\u00c5" : 0}, {"x " : 0}]', `[1:12] [\u00c5] ${NAME_RULE}; [1:23] [x ] ${NAME_RULE}`],
        [
          '[{"1": 1},\n {"@-#": {}}]',
          `[1:2] [1] ${NAME_RULE}; [2:2] [@-#] ${NAME_RULE}; ${noAttribute('[2:2]', '@-#')}`,
        ],
      ],
    ],
    [
      'an unknown kind',
      [
        ['[{"a": {"v": "x"}}]', `[1:2] [v] ${KIND_RULE}`],
        ['[1, {"a": {"": []}}]', `[1:5] [] ${KIND_RULE}; ${mixed('[{a:null}]', '[{1}]')}`],
        [
          '[{"a": {"type": "byte"}}, {"b": {"__proto__": 1}}]',
          `[1:2] [type] ${KIND_RULE}; [1:27] [__proto__] ${KIND_RULE}`,
        ],
      ],
    ],
    [
      'no kind or several',
      [
        ['[{"a": {}}]', noAttribute('[1:2]', 'a')],
        [
          '[{"a": {"value": 1, "pattern": "x*"}}]',
          `[1:2] [a] has multiple param attributes [value, pattern], ${ONLY_ONE}`,
        ],
        [
          '[{"n2" : {"identifier" : "v2", "pattern" : "v2"}}]',
          `[1:2] [n2] has multiple param attributes [identifier, pattern], ${ONLY_ONE}; [1:2] [v2] ${PATTERN_RULE}`,
        ],
        [
          '[{"a": {"type": "byte", "value": 5}}]',
          `[1:2] [a] has multiple param attributes [type, value], ${ONLY_ONE}; [1:2] [type] ${KIND_RULE}`,
        ],
      ],
    ],
    [
      'an identifier that is no text',
      [
        ['[{"a": {"identifier": 1}}]', `[1:2] [1] ${IDENTIFIER_RULE}`],
        ['[{"a": {"Identifier": true}}]', `[1:2] [true] ${IDENTIFIER_RULE}`],
        ['[{"a": {"identifier": null}}]', `[1:2] [null] ${IDENTIFIER_RULE}`],
        ['[{"a": {"identifier": 9007199254740993}}]', `[1:2] [9007199254740993] ${IDENTIFIER_RULE}`],
        [
          '[{"n6" : {"identifier" : {"a6.1" : "v6.1", "a6.2" : "v6.2"}}}]',
          '[1:2] n6={identifier={a6.1=v6.1, a6.2=v6.2}} is not supported as a parameter; ' +
            `[1:2] [{a6.1=v6.1, a6.2=v6.2}] ${IDENTIFIER_RULE}`,
        ],
        ['[{"n9" : {"identifier" : ["x", "y"]}}]', `[1:2] n9={identifier=[x, y]} ${ONLY_VALUE}`],
        ['[{"a": {"identifier": []}}]', `[1:2] a={identifier=[]} ${ONLY_VALUE}`],
      ],
    ],
    [
      'a pattern without *',
      [
        ['[{"a": {"pattern": "x"}}]', `[1:2] [x] ${PATTERN_RULE}`],
        ['[{"a": {"pattern": ""}}]', `[1:2] [] ${PATTERN_RULE}`],
        ['[{"a": {"PATTERN": true}}]', `[1:2] [true] ${PATTERN_RULE}`],
        ['[{"a": {"pattern": null}}]', `[1:2] [null] ${PATTERN_RULE}`],
        ['[{"n10" : {"pattern" : ["x*", "y*"]}}]', `[1:2] n10={pattern=[x*, y*]} ${ONLY_VALUE}`],
      ],
    ],
    [
      'a value of no type',
      [
        ['[{"n5" : {"value" : {"a5" : "v5"}}}]', '[1:2] n5={value={a5=v5}} is not supported as a parameter'],
        [
          '[{"n6" : [{"value" : {"a5" : "v5"}}]}]',
          '[1:2] n6=[{value={a5=v5}}] is not supported as a parameter',
        ],
        ['[{"a": [[]]}]', '[1:2] a=[[]] is not supported as a parameter'],
        ['[{"a": {"value": [1, [2]]}}]', '[1:2] a={value=[1, [2]]} is not supported as a parameter'],
        ['[[[]]]', '[1:3] START_ARRAY is not supported as a parameter'],
        ['["x",\n [1, {}]]', '[2:6] START_OBJECT is not supported as a parameter'],
      ],
    ],
    [
      'a list that is no list of one type',
      [
        [
          '[{"a": []}]',
          '[1:2] Empty lists are not allowed as named parameter values. Got parameter [a] with value [[]]',
        ],
        [
          '[{"b": 1}, {"a": {"value": []}}]',
          '[1:12] Empty lists are not allowed as named parameter values. Got parameter [a] with value [[]]',
        ],
        [
          '[{"_n1": [null, "8.15.0"]}]',
          '[1:2] Parameter [_n1] contains a null entry: [null, 8.15.0]. Null values are not allowed in multivalued params',
        ],
        [
          '[1, [null, true, false]]',
          '[1:5] Parameter contains a null entry: [null, true, false]. Null values are not allowed in multivalued params',
        ],
        [
          '[{"a": {"value": [1, "x"]}}]',
          '[1:2] Parameter [a] contains mixed data types: [1, x]. Mixed data types are not allowed in multivalued params.',
        ],
        [
          '[["x", true]]',
          '[1:2] Parameter contains mixed data types: [x, true]. Mixed data types are not allowed in multivalued params.',
        ],
      ],
    ],
    [
      'named and positional values',
      [
        ['[1, {"a": 2}]', mixed('[{a:2}]', '[{1}]')],
        [
          '[{"a": [2, 3]}, "x", [4], null, {"b": {"identifier": "c"}}]',
          mixed('[{a:[2, 3]}, {b:c}]', '[{x}, {[4]}, {null}]'),
        ],
        [
          '[ 1, 2, {"1" : "v1" }, {"1x" : "v1" }]',
          `[1:9] [1] ${NAME_RULE}; [1:24] [1x] ${NAME_RULE}; ${mixed('[{1:v1}, {1x:v1}]', '[{1}, {2}]')}`,
        ],
      ],
    ],
  ])('refuses %s', (_what, cases) => {
    it.each(cases)('%s', (text, faults) => {
      expect(() => read(text)).toThrow(
        expect.objectContaining({
          type: 'x_content_parse_exception',
          reason: `Failed to parse params: ${faults}`,
        }),
      )
    })
  })

  it('knows no positions of a body that the host application has parsed', () => {
    expect(() => atOnce(readParams(located([{ a: {} }, [[]]])))).toThrow(
      `Failed to parse params: ${noAttribute('[-1:-1]', 'a')}; [-1:-1] START_ARRAY is not supported as a parameter`,
    )
  })

  it('reports at most ten faults', () => {
    const faults = Array.from(
      { length: 10 },
      (_, index) => `[1:${3 + 5 * index}] START_ARRAY is not supported as a parameter`,
    )
    expect(() => read(`[${Array(1_000).fill('[[]]').join(',')}]`)).toThrow(
      `Failed to parse params: ${faults.join('; ')}`,
    )
    const names = Array.from({ length: 1_000 }, (_, index) => `"${index}":1`)
    expect(() => read(`[{${names}}]`)).toThrow(/^Failed to parse params: .{1000}\.\.\.$/)
    expect(() => read(`[{"a":{${names}}}]`)).toThrow(/^Failed to parse params: .{1000}\.\.\.$/)
  })

  it.each([
    [`[{"1${'n'.repeat(5_000)}": 1}]`],
    [`[{"${'n'.repeat(5_000)}": []}]`],
    [`[{"a": "${'x'.repeat(5_000)}", "b": 1}]`],
    [`[{"a": {"${'x'.repeat(5_000)}": 1}}]`],
    [`[{"a": {"pattern": "${'x'.repeat(5_000)}"}}]`],
    [`[{"a": [{"x": [${Array(5_000).fill('1').join(',')}]}]}]`],
    [`[1, {"a": "${'x'.repeat(5_000)}"}]`],
    [`[{"a": 1}, ${Array(5_000).fill('1').join(',')}]`],
    [`[{"a": 1}, [${Array(5_000).fill('1').join(',')}]]`],
  ])('quotes at most a thousand characters (%#)', (text) => {
    expect(() => read(text)).toThrow(/^Failed to parse params: .{1000}\.\.\.$/)
  })
})
