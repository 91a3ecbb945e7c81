/** Beyond this column SnakeYAML breaks a line at the next place. */
const WIDTH = 80

const ESCAPES: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\u0007': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\u001b': '\\e',
  '"': '\\"',
  '\\': '\\\\',
  '\u0085': '\\N',
  '\u00a0': '\\_',
  '\u2028': '\\L',
  '\u2029': '\\P',
}

/** Characters that SnakeYAML looks at one by one, because they are to be escaped or might be. */
const SPECIAL = /["\\]|[^ -~]/u
const EACH_SPECIAL = new RegExp(SPECIAL, 'gu')

const UNPRINTABLE = /[^\t\n\r -~\u0085\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u

/**
 * A string in double quotes. Its text begins at this column. Text that is too long goes on in further lines with
 * this indent.
 */
export function doubleQuoted(text: string, column: number, indent: number): string {
  return column + text.length <= WIDTH && !SPECIAL.test(text)
    ? `"${text}"`
    : `"${folded(text, column, indent)}"`
}

/**
 * Breaks a line before a blank, or after a special character, that stands beyond the width. The rules are
 * SnakeYAML's to the last column, since answers are compared as text.
 */
function folded(text: string, startColumn: number, indent: number): string {
  let column = startColumn
  let output = ''
  let runStart = 0
  for (let index = 0; index < text.length; index++) {
    const character = String.fromCodePoint(text.codePointAt(index) ?? 0)
    if (SPECIAL.test(character)) {
      const written = escaped(character)
      output += text.slice(runStart, index) + written
      column += index - runStart + written.length
      index += character.length - 1
      runStart = index + 1
    }
    const isPlace = character === ' ' || runStart >= index
    if (!isPlace || index === 0 || index >= text.length - 1 || column + index - runStart <= WIDTH) continue
    const next = Math.max(index, runStart)
    output += `${text.slice(runStart, index)}\\\n${' '.repeat(indent)}`
    column = indent
    // A blank at the start of a line would be taken for indentation.
    if (text[next] === ' ') {
      output += '\\'
      column++
    }
    runStart = next
  }
  return output + text.slice(runStart)
}

function escaped(character: string): string {
  const short = ESCAPES[character]
  if (short !== undefined) return short
  if (!UNPRINTABLE.test(character)) return character
  const hex = (character.codePointAt(0) ?? 0).toString(16)
  return hex.length <= 2 ? `\\x${hex.padStart(2, '0')}` : `\\u${hex.padStart(4, '0')}`
}

/** Words and beginnings of numbers: unquoted, they would be read as something other than text. */
const NOT_TEXT =
  /^(?:[~0-9+.-].*|[yn]|yes|no|true|false|on|off|null|[YN]|Yes|No|True|False|On|Off|Null|YES|NO|TRUE|FALSE|ON|OFF|NULL)?$/s

/** An indicator at the start, one beside a blank, a blank at either end: the text of a key needs quotes then. */
const NOT_PLAIN = /^[#,[\]{}&*!|>'"%@` ]|^\?(?: |$)|:(?: |$)| #| $/

/** Line breaks, and what is not printable, have no place in single quotes. */
const NOT_SINGLE_QUOTED = /[\u0085\u2028\u2029]|[^ -~\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u

const LINE_BREAK = /[\n\u0085\u2028\u2029]/

/** The longest key that is written before its colon. */
const MAX_SIMPLE_KEY_LENGTH = 127

/** Whether a key is written as `key:`. Otherwise it stands on a line of its own, after a question mark. */
export function isSimpleKey(name: string): boolean {
  return name !== '' && name.length <= MAX_SIMPLE_KEY_LENGTH && !LINE_BREAK.test(name)
}

/** A key, in quotes only where it needs them. It is never folded. */
export function keyText(name: string): string {
  if (NOT_TEXT.test(name) || NOT_SINGLE_QUOTED.test(name)) return `"${name.replace(EACH_SPECIAL, escaped)}"`
  return NOT_PLAIN.test(name) ? `'${name.replaceAll("'", "''")}'` : name
}
