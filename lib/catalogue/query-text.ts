/**
 * What a query consists of. Nothing can be said about what follows a string that nobody closes, so it belongs to the string. Each
 * character is looked at once, whatever a client sends.
 */
const TOKENS =
  /"""[^\r\n]*?(?:"""(?:""?)?|$.*)|"(?:\\.|[^\\"\r\n])*(?:"|.*)|`(?:[^`]|``)*`?|\/\*|\/\/[^\r\n]*|\s+|[\p{L}\p{N}_@.$*?-]+|./gmsu

const WORD_BEGIN = /^[\p{L}\p{N}_@.$*?-]/u

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
  readonly forms: readonly string[]
}

export function readQueryText(query: string): QueryText {
  const plain = tokensOf(query)
  const uniform = withUpperCase(plain)
  const dense = uniform.filter((token, index) => !isIdle(token, uniform[index - 1], uniform[index + 1]))
  const normal = textOf(dense)
  let forms: readonly string[] | undefined
  return {
    normal,
    // Only patterns need them.
    get forms() {
      forms ??= [...new Set([textOf(plain), textOf(uniform), textOf(dense, SPACED), normal])]
      return forms
    },
  }
}

/** The text of tokens. `marks` says how some of them are written. */
function textOf(tokens: readonly Token[], marks: Readonly<Record<string, string>> = {}): string {
  let all = ''
  for (const { kind, text } of tokens) all += kind === 'mark' ? (marks[text] ?? text) : text
  return all.trim()
}

/** Whether a token is a blank at an end of the text or beside a separator. */
function isIdle({ kind }: Token, before: Token | undefined, after: Token | undefined): boolean {
  return kind === 'blank' && (!before || !after || SEPARATORS.has(before.text) || SEPARATORS.has(after.text))
}

function tokensOf(query: string): Token[] {
  const tokens: Token[] = []
  const scanner = new RegExp(TOKENS)
  for (let match = scanner.exec(query); match; match = scanner.exec(query)) {
    const [text] = match
    const end = text === '/*' ? endOfComment(query, match.index) : scanner.lastIndex
    // As after a string that nobody closes.
    if (end === undefined) return [...tokens, { kind: 'quoted', text: query.slice(match.index) }]
    scanner.lastIndex = end
    const kind = kindOf(text)
    if (kind !== 'blank') tokens.push({ kind, text })
    else if (tokens.at(-1) !== BLANK) tokens.push(BLANK)
  }
  return tokens
}

/** Comments separate words, as blanks do. */
function kindOf(text: string): Token['kind'] {
  const first = text.charAt(0)
  if (first === '"' || first === '`') return 'quoted'
  if (text === '/*' || text.startsWith('//') || /\s/.test(first)) return 'blank'
  return WORD_BEGIN.test(text) ? 'word' : 'mark'
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
