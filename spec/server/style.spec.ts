import { printFor, styleFor } from '../../lib/server/style'

const terminal = { isTTY: true }
const pipe = {}

describe('what is printed', () => {
  it.each([
    ['has colours on a terminal', terminal, { TERM: 'xterm-256color' }, '\u001b[31mno\u001b[39m'],
    ['has none with NO_COLOR', terminal, { TERM: 'xterm-256color', NO_COLOR: '1' }, 'no'],
    ['has none on a terminal that is dumb', terminal, { TERM: 'dumb' }, 'no'],
    ['has none with FORCE_COLOR=0', terminal, { TERM: 'xterm', FORCE_COLOR: '0' }, 'no'],
    ['has colours in a pipe with FORCE_COLOR', pipe, { FORCE_COLOR: '1' }, '\u001b[31mno\u001b[39m'],
    ['has none in a pipe', pipe, { TERM: 'xterm-256color' }, 'no'],
  ])('%s', (_, output, environment, expected) => {
    expect(styleFor(output, environment).bad('no')).toBe(expected)
    expect(styleFor(output, environment).bad('')).toBe('')
  })

  it('is text on a terminal, and JSON elsewhere', () => {
    expect([printFor(terminal), printFor(pipe)]).toEqual(['text', 'json'])
  })
})
