import fc from 'fast-check'
import { anyCharacter } from './any-character'

const blank = fc.constantFrom('', '', '', ' ', '\n', '\r\n', '\n  ', '\t')

/** A text of JSON for a string, some characters of it escaped without need. */
const string = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\\u0041',
        '\\/',
        '\\n',
        '\\u001f',
        '\\ud83d\\ude00',
        '\\udc00',
        '//',
        '/*',
        '\\"took\\": 1',
      ),
      fc.string({ unit: anyCharacter, maxLength: 3 }).map((text) => JSON.stringify(text).slice(1, -1)),
    ),
    { maxLength: 3 },
  )
  .map((parts) => `"${parts.join('')}"`)

const name = fc.oneof(
  string,
  fc.constantFrom('"__proto__"', '"10"', '"2"', '"took"', '"values"', '"queries"', '"a"', '"a"', '""'),
)

const number = fc.oneof(
  fc.constantFrom(
    '1.0',
    '-0',
    '-0.0',
    '0.10',
    '1e3',
    '1E-7',
    '1e400',
    '9007199254740993',
    '-18446744073709551616',
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc.bigInt().map(String),
)

const { object } = fc.letrec<{ value: string; object: string; array: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    number,
    string,
    fc.constantFrom('true', 'false', 'null'),
    tie('array'),
    tie('object'),
  ),
  array: fc
    .tuple(blank, fc.array(fc.tuple(tie('value'), blank), { maxLength: 3 }))
    .map(([inner, items]) => `[${inner}${items.map(([item, after]) => item + after).join(`,${inner}`)}]`),
  object: fc
    .tuple(blank, fc.array(fc.tuple(name, blank, tie('value')), { maxLength: 4 }))
    .map(([inner, fields]) => {
      const texts = fields.map(([key, after, value]) => `${inner}${key}${after}:${inner}${value}${after}`)
      return `{${texts.join(',') || inner}}`
    }),
}))

/** A JSON object in any spelling: blanks, line breaks, doubled names, escapes, long numbers. */
export const spelledDocument: fc.Arbitrary<string> = object
