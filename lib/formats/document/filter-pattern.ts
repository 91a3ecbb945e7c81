/** A tree of the names that the paths of `filter_path` lead through. */
export class PatternNode {
  readonly #names = new Map<string, PatternNode>()
  readonly #globs = new Map<string, { matches: (name: string) => boolean; node: PatternNode }>()
  readonly #isDoubleWildcard: boolean
  #isEnd = false

  /** The paths of a list, in one tree. */
  static of(paths: readonly string[]): PatternNode {
    const root = new PatternNode('')
    for (const path of paths) {
      let node = root
      for (const segment of segmentsOf(path)) node = node.#child(segment)
      node.#isEnd = true
    }
    return root
  }

  private constructor(segment: string) {
    this.#isDoubleWildcard = segment === '**'
  }

  #child(segment: string): PatternNode {
    const known = this.#names.get(segment) ?? this.#globs.get(segment)?.node
    if (known) return known
    const node = new PatternNode(segment)
    if (segment.includes('*')) this.#globs.set(segment, { matches: matcherOf(segment), node })
    else this.#names.set(segment, node)
    return node
  }

  /** How many comparisons a name costs. */
  get width(): number {
    return 1 + this.#globs.size
  }

  /** Where a name leads: to the end of a path, or to these nodes. No node: no path has this name. */
  follow(name: string): 'end' | PatternNode[] {
    const next: PatternNode[] = []
    const named = this.#names.get(name)
    if (named) next.push(named)
    for (const { matches, node } of this.#globs.values()) if (matches(name)) next.push(node)
    // Any number of levels: the path may go on here, or below.
    if (this.#isDoubleWildcard) next.push(this)
    // A path that ends here takes everything below, whatever longer paths say: `a` together with `a.b` is `a`.
    return next.some((node) => node.#isEnd) ? 'end' : next
  }
}

/** The names of a path. `\.` is a dot in a name. A dot that has no name before it is part of the last name. */
function segmentsOf(path: string): string[] {
  const segments: string[] = []
  let rest = 0
  for (const [text] of path.matchAll(/(?:[^.\\]|\\\.|\\(?!\.))+\./gy)) {
    segments.push(unescaped(text.slice(0, -1)))
    rest += text.length
  }
  segments.push(unescaped(path.slice(rest)))
  return segments
}

function unescaped(segment: string): string {
  return segment.replaceAll('\\.', '.')
}

/** Looks for the first place of each part. A regular expression could take very long where there are many stars. */
function matcherOf(glob: string): (name: string) => boolean {
  const [first = '', ...parts] = glob.split('*')
  const last = parts.pop() ?? ''
  return (name) => {
    if (!name.startsWith(first)) return false
    let position = first.length
    for (const part of parts) {
      const found = name.indexOf(part, position)
      if (found < 0) return false
      position = found + part.length
    }
    return name.length - last.length >= position && name.endsWith(last)
  }
}
