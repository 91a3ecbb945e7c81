import fc from 'fast-check'
import { readQueryText } from '../../lib/catalogue/query-text'

const normal = (query: string): string => readQueryText(query).normal

describe('the normal text of a query', () => {
  it.each([
    [
      'FROM logs',
      ['from logs', '  From\n\tlogs ', 'FROM logs // all of them', '/* all /* of */ them */FROM/**/logs'],
    ],
    [
      'FROM logs|WHERE a == "x  y"|LIMIT 2',
      ['from logs | where a == "x  y" | limit 2', 'FROM logs// |\n|WHERE a == "x  y"\n|LIMIT 2'],
    ],
    [
      'FROM a,b METADATA _id|STATS n=COUNT(*),m=MAX(x)BY host',
      ['from a , b metadata _id | stats n=COUNT( * ) , m=MAX (x) by host'],
    ],
    ['FROM a|SORT x DESC NULLS LAST,y', ['FROM a | sort x desc nulls last , y']],
    ['FROM a|LOOKUP JOIN b ON c', ['from a | lookup join b on c']],
    ['FROM a|FORK(WHERE x|LIMIT 1)(WHERE y)', ['FROM a | fork ( where x | limit 1 ) ( where y )']],
    ['FROM(FROM a|LIMIT 1),b', ['from ( from a | limit 1 ), b']],
    ['SET x=TRUE;FROM a', ['set x=true ; from a']],
    ['ROW x = ?,y = ?n,z = ??i', ['row x = ?, y = ?n, z = ??i']],
  ])('is %s', (text, queries) => {
    expect([text, ...queries].map(normal)).toEqual([text, ...queries].map(() => text))
  })

  it.each([
    ['blanks in a string', 'ROW a = "x y"', 'ROW a = "x  y"'],
    ['blanks in a string of three quotes', 'ROW a = """x "y" | z"""', 'ROW a = """x "y"|z"""'],
    ['blanks in a quoted name', 'FROM a | KEEP `x y`', 'FROM a | KEEP `x  y`'],
    ['blanks behind a doubled backtick', 'FROM a | KEEP `x`` | y`', 'FROM a | KEEP `x``|y`'],
    ['blanks behind an escaped quote', 'ROW a = "\\" | y"', 'ROW a = "\\"|y"'],
    ['a comment in a string', 'ROW a = "x // y"', 'ROW a = "x "'],
    ['the case in a string', 'ROW a = "x | LIMIT 1"', 'ROW a = "x | limit 1"'],
    ['the case of fields', 'FROM a | WHERE Host == 1', 'FROM a | WHERE host == 1'],
    ['the case of fields with the names of words', 'FROM a | KEEP first', 'FROM a | KEEP FIRST'],
    [
      'the case of fields with the names of commands',
      'FROM a | WHERE (limit + 1) > 2',
      'FROM a | WHERE (LIMIT + 1) > 2',
    ],
    ['the case of functions, which names columns', 'ROW a = 1 | STATS max(a)', 'ROW a = 1 | STATS MAX(a)'],
    ['blanks between words', 'FROM a | DROP b', 'FROM a | DROPb'],
    ['what follows a comment that nobody closes', 'FROM a /* b  c', 'FROM a /* b c'],
  ])('tells apart %s', (_, one, other) => {
    expect(normal(one)).not.toBe(normal(other))
  })

  it('separates words where a comment stands', () => {
    expect(normal('FROM/* x */a//b\n|LIMIT/**/1')).toBe('FROM a|LIMIT 1')
  })

  it.each(['"', '\\"', '"""', '`', '/*', '/* */', '//', '(', ' | ('])('reads a million of %s', (piece) => {
    const text = piece.repeat(1_000_000 / piece.length)
    expect(normal(`x${text}`)).toMatch(/^X/)
  })
})

describe('the forms of a query', () => {
  it('are each the same query, whatever the query is', () => {
    const pieces = [
      ...[
        'from',
        'FROM',
        'where',
        'fork',
        'by',
        'first',
        'host',
        '1',
        '-',
        '=',
        '/',
        '*',
        ':',
        '?',
        ';',
        '|',
        ',',
        '(',
        ')',
      ],
      ...[
        '"a  b"',
        '"\\""',
        '"',
        '""',
        '"""a"b"""',
        '`x  y`',
        '`',
        ' ',
        '  ',
        '\n',
        '// c\n',
        '//',
        '/* c */',
        '/*',
        '*/',
      ],
    ]
    const query = fc.array(fc.constantFrom(...pieces), { maxLength: 20 }).map((list) => list.join(''))
    fc.assert(
      fc.property(query, (text) => {
        const { normal: expected, forms } = readQueryText(text)
        expect(forms.map(normal)).toEqual(forms.map(() => expected))
      }),
      { numRuns: 5_000 },
    )
  })

  it('are what people write', () => {
    expect(readQueryText('from a|where f( x,y ) // z').forms).toEqual([
      'from a|where f( x,y )',
      'FROM a|WHERE f( x,y )',
      'FROM a | WHERE f(x, y)',
      'FROM a|WHERE f(x,y)',
    ])
  })

  it('are one for a text that everybody writes like that', () => {
    expect(readQueryText('FROM a').forms).toEqual(['FROM a'])
  })
})
