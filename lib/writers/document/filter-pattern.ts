/** Names that a path of `filter_path` leads through, as a tree. */
export class PatternNode {
  readonly #names = new Map<string, PatternNode>()
  readonly #globs = new Map<string, PatternNode>()
  readonly #isDoubleWildcard: boolean
  #isEnd = false

  /** The paths of a list, in one tree. */
  static of(paths: readonly string[]): PatternNode {
    const root = new PatternNode('')
    for (const path of paths) root.#add(segmentsOf(path))
    return root
  }

  private constructor(segment: string) {
    this.#isDoubleWildcard = segment === '**'
  }

  #add([segment, ...deeper]: readonly string[]): void {
    if (segment === undefined) {
      this.#isEnd = true
    } else {
      const children = segment.includes('*') ? this.#globs : this.#names
      const child = children.get(segment) ?? new PatternNode(segment)
      children.set(segment, child)
      child.#add(deeper)
    }
  }

  /** Where a name leads: to the end of a path, or to these nodes. None of them means astray. */
  follow(name: string): 'end' | PatternNode[] {
    const next: PatternNode[] = []
    const named = this.#names.get(name)
    if (named) next.push(named)
    for (const [glob, node] of this.#globs) if (matches(glob, name)) next.push(node)
    // Any number of levels: the path may go on here, or below.
    if (this.#isDoubleWildcard) next.push(this)
    // A path that ends here takes everything below, whatever longer paths say: `a` together with `a.b` is `a`.
    return next.some((node) => node.#isEnd) ? 'end' : next
  }
}

/** The names of a path. `\.` is a dot in a name. A dot that has no name before it is part of the last name. */
function segmentsOf(path: string): string[] {
  const [, segment, rest] = /^((?:[^.\\]|\\\.|\\(?!\.))+)\.(.*)$/s.exec(path) ?? []
  if (segment === undefined || rest === undefined) return [unescaped(path)]
  return [unescaped(segment), ...segmentsOf(rest)]
}

function unescaped(segment: string): string {
  return segment.replaceAll('\\.', '.')
}

/** Takes the first place for each part, not a regular expression, which could take very long for many stars. */
function matches(glob: string, name: string): boolean {
  const [first = '', ...parts] = glob.split('*')
  const last = parts.pop() ?? ''
  if (!name.startsWith(first)) return false
  let position = first.length
  for (const part of parts) {
    const found = name.indexOf(part, position)
    if (found < 0) return false
    position = found + part.length
  }
  return name.length - last.length >= position && name.endsWith(last)
}
