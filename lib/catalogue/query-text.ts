/**
 * What a query consists of. A string that nobody closes ends with its line, so that each character is looked at once, whatever
 * a client sends.
 */
const TOKENS =
  /(?<quoted>"""[^\r\n]*?(?:"""(?:""?)?|$)|"(?:\\.|[^\\"\r\n])*"?|`(?:[^`]|``)*`?)|(?<comment>\/\*|\/\/[^\r\n]*)|(?<blank>\s+)|(?<word>[\p{L}\p{N}_@.$*?-]+)|./gmsu

interface Token {
  kind: 'quoted' | 'blank' | 'word' | 'mark'
  text: string
}

const BLANK: Token = { kind: 'blank', text: ' ' }

/** The reserved words of ES|QL: none of them is the name of a field in an expression. */
const RESERVED = words('AND ASC BY DESC FALSE FIRST IN IS LAST LIKE NOT NULL NULLS ON OR RLIKE TRUE WITH')

/** The words of commands whose arguments are names. A reserved word may be a name there. */
const WORDS_OF: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['FROM', words('METADATA')],
  ['TS', words('METADATA')],
  ['KEEP', words('')],
  ['DROP', words('')],
  ['RENAME', words('AS')],
  ['MV_EXPAND', words('')],
  ['ENRICH', words('ON WITH')],
  ['LOOKUP', words('JOIN ON AS')],
  ['INLINE', words('STATS BY')],
  ['SHOW', words('INFO')],
])

/** Commands with pipelines in brackets. */
const WITH_PIPELINES = words('FROM TS FORK EXPLAIN')

/** Blanks beside these do not count. */
const SEPARATORS = words('| , ; ( )')

/** How {@link SEPARATORS} look that people put blanks around. */
const SPACED: Readonly<Record<string, string>> = { '|': ' | ', ',': ', ', ';': '; ' }

/** A query in the forms that a catalogue compares. */
export interface QueryText {
  /**
   * Equal for texts that are the same query. Comments, blanks and the case of commands and reserved words do not count, except
   * in strings and quoted names.
   */
  normal: string
  /** How people write it, with and without what does not count: a pattern may match any of them. */
  forms: readonly string[]
}

export function readQueryText(query: string): QueryText {
  const plain = tokensOf(query)
  const uniform = withUpperCase(plain)
  const dense = uniform.filter((token, index) => !isIdle(token, uniform[index - 1], uniform[index + 1]))
  const spaced = dense.map((token) =>
    token.kind === 'mark' ? { text: SPACED[token.text] ?? token.text } : token,
  )
  const [normal = '', ...others] = [dense, plain, uniform, spaced].map(joined)
  return { normal, forms: [...new Set([...others, normal])] }
}

function joined(tokens: readonly Pick<Token, 'text'>[]): string {
  return tokens
    .map(({ text }) => text)
    .join('')
    .trim()
}

/** Whether a token is a blank at an end of the text or beside a separator. */
function isIdle({ kind }: Token, before: Token | undefined, after: Token | undefined): boolean {
  return kind === 'blank' && [before, after].some((other) => !other || SEPARATORS.has(other.text))
}

function tokensOf(query: string): Token[] {
  const tokens: Token[] = []
  const scanner = new RegExp(TOKENS)
  for (let match = scanner.exec(query); match; match = scanner.exec(query)) {
    const { quoted, comment, blank, word } = match.groups ?? {}
    const end = comment === '/*' ? endOfComment(query, match.index) : scanner.lastIndex
    // Nothing can be said about what follows a comment that nobody closes.
    if (end === undefined) return [...tokens, { kind: 'quoted', text: query.slice(match.index) }]
    scanner.lastIndex = end
    if (comment !== undefined || blank !== undefined) {
      if (tokens.at(-1) !== BLANK) tokens.push(BLANK)
    } else tokens.push({ kind: quoted ? 'quoted' : word ? 'word' : 'mark', text: match[0] })
  }
  return tokens
}

/** Where a comment ends that begins at an offset. Comments may be in comments. */
function endOfComment(query: string, start: number): number | undefined {
  const bounds = /\/\*|\*\//g
  bounds.lastIndex = start
  let depth = 0
  for (let bound = bounds.exec(query); bound; bound = bounds.exec(query)) {
    depth += bound[0] === '/*' ? 1 : -1
    if (depth === 0) return bounds.lastIndex
  }
  return undefined
}

/** Writes commands and reserved words in upper case. */
function withUpperCase(tokens: readonly Token[]): Token[] {
  const outer: string[] = []
  let command = ''
  let isBegin = true
  return tokens.map((token) => {
    const { kind, text } = token
    if (kind === 'blank') return token
    const begins = isBegin
    isBegin =
      kind === 'mark' && (text === '|' || text === ';' || (text === '(' && WITH_PIPELINES.has(command)))
    if (kind === 'mark' && text === '(') outer.push(command)
    if (kind === 'mark' && text === ')') command = outer.pop() ?? ''
    if (kind !== 'word') return token
    const upper = text.toUpperCase()
    if (begins) command = upper
    return begins || (WORDS_OF.get(command) ?? RESERVED).has(upper) ? { kind, text: upper } : token
  })
}

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(' '))
}
