import { stripVTControlCharacters } from 'node:util'
import { prettyLine } from '../../lib/server/pretty-line'
import { styleFor } from '../../lib/server/style'

const COLOURS = styleFor({}, { FORCE_COLOR: '1' })
const NO_COLOURS = styleFor({}, {})

/** A line without the time of its entry. */
function lineOf(details: object, message = 'done', style = NO_COLOURS): string {
  const line = prettyLine(style)('info', details, message)
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
    const coloured = lineOf({ status: 200 }, 'done', COLOURS)
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
