import fc from 'fast-check'
import { parse } from 'yaml'
import { writeObject } from '../../../lib/formats/formats'
import { yamlWriter } from '../../../lib/formats/yaml/yaml'
import { anyCharacter } from '../../support/any-character'
import { asyncText, goldenCases, presentationOf, queryOf } from '../../support/golden-cases'
import { textOf } from '../../support/tables'

function yaml(tree: Parameters<typeof writeObject>[1]): string {
  return String(writeObject('yaml', tree))
}

describe('yamlWriter', () => {
  it.each(goldenCases(['yaml']))('writes %s as Elasticsearch does', (_, goldenCase) => {
    expect(textOf(yamlWriter(queryOf(goldenCase), presentationOf(goldenCase)))).toBe(asyncText(goldenCase))
  })
})

describe('blocks in YAML', () => {
  it.each([
    [{}, '--- {}\n'],
    [{ a: [] }, '---\na: []\n'],
    [{ a: [[], {}, [[]]] }, '---\na:\n- []\n- {}\n- - []\n'],
    [{ a: { b: { c: [1] } } }, '---\na:\n  b:\n    c:\n    - 1\n'],
    [{ a: [{ b: [1, 2], c: {} }] }, '---\na:\n- b:\n  - 1\n  - 2\n  c: {}\n'],
    [{ a: [[[1, 2], [3]], 4] }, '---\na:\n- - - 1\n    - 2\n  - - 3\n- 4\n'],
    [{ a: [[{ b: 1, c: 2 }]] }, '---\na:\n- - b: 1\n    c: 2\n'],
    [
      { a: null, b: true, c: 0.5, d: 10n ** 20n },
      '---\na: null\nb: true\nc: 0.5\nd: 100000000000000000000\n',
    ],
  ])('%#: are indented by their depth, arrays not under their key', (tree, text) => {
    expect(yaml(tree)).toBe(text)
  })
})

describe('strings in YAML', () => {
  it.each([
    ['', '""'],
    ['null', '"null"'],
    ['it\'s #1: "\\', '"it\'s #1: \\"\\\\"'],
    ['\t\n\r\b\f\v', '"\\t\\n\\r\\b\\f\\v"'],
    ['\0\u0007\u001b', '"\\0\\a\\e"'],
    ['\u0001\u001f\u007f\u0080', '"\\x01\\x1f\\x7f\\x80"'],
    ['\u0085\u00a0\u2028\u2029', '"\\N\\_\\L\\P"'],
    ['é日😀\ufeff', '"é日😀\ufeff"'],
    ['\ufffe\ud800', '"\\ufffe\ufffd"'],
  ])('%j is written as %s', (text, quoted) => {
    expect(yaml({ a: text })).toBe(`---\na: ${quoted}\n`)
  })

  const x = (count: number) => 'x'.repeat(count)

  it.each([
    ['up to column 80, in one line', `${x(76)} y z`, `"${x(76)} y\\\n  \\ z"`],
    ['before the first blank beyond it', `${x(77)} y z`, `"${x(77)}\\\n  \\ y z"`],
    ['not before a blank at the end', `${x(100)} `, `"${x(100)} "`],
    ['not where there is no blank', x(200), `"${x(200)}"`],
    [
      'again, counting from the indentation',
      `${x(90)} ${x(77)} ${x(3)} z`,
      `"${x(90)}\\\n  \\ ${x(77)}\\\n  \\ ${x(3)} z"`,
    ],
    ['after a special character beyond it', `${x(77)}é${x(3)}`, `"${x(77)}é\\\n  ${x(3)}"`],
    ['before the text that follows one at the limit', `${x(76)}éxyz`, `"${x(76)}é\\\n  xyz"`],
    ['after an escape', `${x(78)}\n${x(3)}`, `"${x(78)}\\n\\\n  ${x(3)}"`],
    ['with an escaped blank after a special character', `${x(78)}é ${x(3)}`, `"${x(78)}é\\\n  \\ ${x(3)}"`],
  ])('are folded %s', (_, text, quoted) => {
    expect(yaml({ a: text })).toBe(`---\na: ${quoted}\n`)
    expect(parse(yaml({ a: text }))).toEqual({ a: text })
  })

  it('are folded to two more blanks than their block has', () => {
    const text = `${'x'.repeat(80)} y`
    expect(yaml({ a: [[text]] })).toBe(`---\na:\n- - "${'x'.repeat(80)}\\\n    \\ y"\n`)
  })
})

describe('keys in YAML', () => {
  it.each([
    ['plain', 'plain'],
    ['a.b-c d', 'a.b-c d'],
    ['émile', 'émile'],
    ['a:b', 'a:b'],
    ['a#b', 'a#b'],
    ['<<', '<<'],
    ['yes', '"yes"'],
    ['NULL', '"NULL"'],
    ['y', '"y"'],
    ['yEs', 'yEs'],
    ['~a', '"~a"'],
    ['1', '"1"'],
    ['1a', '"1a"'],
    ['-', '"-"'],
    ['.5', '".5"'],
    ['+', '"+"'],
    ['@timestamp', "'@timestamp'"],
    ['*', "'*'"],
    ['a: b', "'a: b'"],
    ['a:', "'a:'"],
    ['a #b', "'a #b'"],
    [' a', "' a'"],
    ['a ', "'a '"],
    ["'", "''''"],
    ['?', "'?'"],
    ['?a', '?a'],
    ['a\tb', '"a\\tb"'],
    ['a\u007f', '"a\\x7f"'],
    ['k'.repeat(127), 'k'.repeat(127)],
  ])('%j is written as %s', (key, text) => {
    expect(yaml({ [key]: 1 })).toBe(`---\n${text}: 1\n`)
  })

  it.each([
    ['', '""'],
    ['a\nb', '"a\\nb"'],
    ['k'.repeat(128), 'k'.repeat(128)],
  ])('%j stands on a line of its own', (key, text) => {
    expect(yaml({ [key]: 1, b: { [key]: [1, 2] }, c: [{ [key]: { d: 1, e: 2 } }] })).toBe(
      `---\n? ${text}\n: 1\nb:\n  ? ${text}\n  : - 1\n    - 2\nc:\n- ? ${text}\n  : d: 1\n    e: 2\n`,
    )
  })
})

it('any tree in YAML reads back', () => {
  const text = fc.oneof(
    fc.string({ unit: anyCharacter, maxLength: 200 }),
    fc.string({ unit: fc.constantFrom(' ', 'a', 'é', '"', '\n', '#', ':', '-', '?', "'"), maxLength: 200 }),
  )
  const { tree } = fc.letrec((tie) => ({
    tree: fc.dictionary(text, tie('value'), { maxKeys: 4, noNullPrototype: true }),
    value: fc.oneof(
      { maxDepth: 3 },
      text,
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 4 }),
      tie('tree'),
    ),
  }))
  fc.assert(
    fc.property(tree, (value) => {
      const object = value as Parameters<typeof yaml>[0]
      expect(parse(yaml(object), { uniqueKeys: false })).toEqual(object)
    }),
    { numRuns: 500 },
  )
})
