import { stripVTControlCharacters } from 'node:util'
import { hasColours, prettyLine } from '../../lib/server/pretty-line'

/** A line without the time of its entry. */
function lineOf(details: object, message = 'done', isColoured = false): string {
  const line = prettyLine(isColoured)('info', details, message)
  expect(stripVTControlCharacters(line)).toMatch(/^\d\d:\d\d:\d\d\.\d{3} /)
  return line.slice(line.indexOf(' ') + 1)
}

describe('prettyLine', () => {
  it.each<[string, object, string]>([
    ['nothing but the message', {}, 'INFO  done\n'],
    [
      'plain words',
      { status: 200, url: 'http://localhost:3000/a' },
      'INFO  done status=200 url=http://localhost:3000/a\n',
    ],
    ['texts with blanks', { why: 'two words', empty: '' }, 'INFO  done why="two words" empty=""\n'],
    [
      'objects',
      { of: { a: [1n, null] }, gone: undefined },
      'INFO  done of={"a":["1",null]} gone=undefined\n',
    ],
    ['integers beyond 2^53', { rows: 9007199254740993n }, 'INFO  done rows=9007199254740993\n'],
  ])('shows %s', (_, details, expected) => {
    expect(lineOf(details)).toBe(expected)
  })

  it('shows an error and its causes below, as an error or as the router describes it', () => {
    const cause = Object.assign(new TypeError('refused'), { code: 'ECONNREFUSED', stack: undefined })
    const stack = 'Error: no answer\n    at here'
    const expected = [
      'INFO  done status=503',
      '    Error: no answer',
      '        at here',
      '    caused by TypeError (ECONNREFUSED): refused\n',
    ].join('\n')
    const error = Object.assign(new Error('no answer', { cause }), { stack })
    expect(lineOf({ status: 503, err: error })).toBe(expected)
    const described = { name: 'TypeError', message: 'refused', code: 'ECONNREFUSED' }
    expect(
      lineOf({ status: 503, error: { name: 'Error', message: 'no answer', stack, cause: described } }),
    ).toBe(expected)
    expect(lineOf({ err: 'just a text' })).toBe('INFO  done\n    "just a text"\n')
  })

  it('colours time, level and names, and nothing without colours', () => {
    const coloured = lineOf({ status: 200 }, 'done', true)
    expect(coloured).toContain('\u001b[32mINFO ')
    expect(stripVTControlCharacters(coloured)).toBe('INFO  done status=200\n')
  })

  it('shows no byte that a terminal would obey', () => {
    const evil = '\u001b[2J\u009b31m\u0007\r\nINFO  forged'
    const line = lineOf({ opaqueId: evil, err: { name: evil, message: evil } }, evil)
    expect(line.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
    expect(line.match(/^INFO/gm)).toHaveLength(1)
  })
})

describe('hasColours', () => {
  const terminal = { isTTY: true }
  const file = {}
  it.each<[string, { isTTY?: boolean }, NodeJS.ProcessEnv, boolean]>([
    ['a terminal', terminal, { TERM: 'xterm-256color' }, true],
    ['a terminal with NO_COLOR', terminal, { TERM: 'xterm-256color', NO_COLOR: '1' }, false],
    ['a dumb terminal', terminal, { TERM: 'dumb' }, false],
    ['a file', file, { TERM: 'xterm-256color' }, false],
    ['a file with FORCE_COLOR', file, { FORCE_COLOR: '1' }, true],
    ['a terminal with FORCE_COLOR=0', terminal, { TERM: 'xterm', FORCE_COLOR: '0' }, false],
  ])('of %s', (_, stream, environment, expected) => {
    expect(hasColours(stream, environment)).toBe(expected)
  })
})
