import { WriteStream } from 'node:tty'
import { printFor, styleFor } from '../../lib/server/style'

/** An output without a descriptor, which Node.js asks for nothing but its environment here. */
const outputThat = (isTTY: boolean): WriteStream =>
  Object.create(WriteStream.prototype, { isTTY: { value: isTTY } })

const terminal = outputThat(true)
const pipe = outputThat(false)

describe('what is printed', () => {
  it.each([
    ['has colours on a terminal', terminal, { TERM: 'xterm-256color' }, '\u001b[31mno\u001b[39m'],
    ['has none with NO_COLOR', terminal, { TERM: 'xterm-256color', NO_COLOR: '1' }, 'no'],
    ['has none on a terminal that is dumb', terminal, { TERM: 'dumb' }, 'no'],
    ['has none in a pipe', pipe, { TERM: 'xterm-256color' }, 'no'],
  ])('%s', (_, output, environment, expected) => {
    expect(styleFor(output, environment).bad('no')).toBe(expected)
    expect(styleFor(output, environment).bad('')).toBe('')
  })

  it('is text on a terminal, and JSON elsewhere', () => {
    expect([printFor(terminal), printFor(pipe)]).toEqual(['text', 'json'])
  })
})
