import type { Chunk } from '../writer'
import { PatternNode } from './filter-pattern'
import type { Container, TokenSink } from './token-sink'

/**
 * A sink that passes on to another one what `filter_path` names. Without a path it is that other one. Written by hand,
 * because libraries filter finished objects, and this filters a stream of tokens.
 */
export function filtered(sink: TokenSink, filterPath = ''): TokenSink {
  if (filterPath === '') return sink
  const paths = filterPath
    .split(',')
    .map((path) => path.trim())
    .filter((path) => path !== '')
  const includes = paths.filter((path) => !path.startsWith('-'))
  const excludes = paths.filter((path) => path.startsWith('-')).map((path) => path.slice(1).trim())
  let result = sink
  // The excludes see what the includes pass on.
  if (excludes.length > 0) result = new FilterSink(result, PatternNode.of(excludes), 'exclude')
  if (includes.length > 0) result = new FilterSink(result, PatternNode.of(includes), 'include')
  return result
}

/** All of a value passes, none of it does, or the rest of some paths decides about what is in it. */
type Verdict = 'all' | 'none' | readonly PatternNode[]

/** Limit of the remembered verdicts, each counted with its nodes: data can have any number of names. */
const MAX_KNOWN = 65_536

/** Leaving out a value, or comparing its name, takes about as long as writing this many characters. */
const UNSEEN_LENGTH = 4

/** An object or array that is being read. */
interface Scope {
  kind: Container
  verdict: Verdict
  /** Its start has been written. Otherwise it is written when something in it passes. */
  isOpen: boolean
  hasContent: boolean
  /** The last key. Written when its value, or something in it, passes. */
  name: string | undefined
}

class FilterSink implements TokenSink {
  readonly #target: TokenSink
  readonly #mode: 'include' | 'exclude'
  readonly #scopes: Scope[] = []
  /** Verdicts on names, by the verdict on their object: most names come again with every row. */
  readonly #known = new Map<Verdict, Map<string, Verdict>>()
  #knownSize = 0
  /** Values left out and comparisons made since the last take: they take time without adding to the text. */
  #unseen = 0
  /** On the next value. */
  #verdict: Verdict

  constructor(target: TokenSink, root: PatternNode, mode: 'include' | 'exclude') {
    this.#target = target
    this.#mode = mode
    this.#verdict = [root]
  }

  get pending(): number {
    return this.#target.pending + this.#unseen * UNSEEN_LENGTH
  }

  take(): Chunk {
    this.#unseen = 0
    return this.#target.take()
  }

  key(name: string): boolean {
    const scope = this.#scopes.at(-1)
    if (scope?.verdict === 'all') return this.#target.key(name)
    this.#verdict = this.#judge(scope?.verdict ?? 'none', name)
    if (scope) {
      scope.hasContent = true
      scope.name = this.#verdict === 'none' ? undefined : name
    }
    return this.#verdict === 'all' ? this.#open() : this.#verdict !== 'none'
  }

  start(kind: Container): void {
    const isRoot = this.#scopes.length === 0
    const verdict = this.#nextVerdict()
    // The root object shows even when nothing in it passes.
    const isOpen = isRoot || verdict === 'all'
    if (isOpen) this.#target.start(kind)
    else this.#unseen++
    this.#scopes.push({ kind, verdict, isOpen, hasContent: false, name: undefined })
  }

  end(kind: Container): void {
    const scope = this.#scopes.pop()
    if (!scope?.isOpen) {
      const isEmptyAndKept =
        this.#mode === 'exclude' && scope && !scope.hasContent && scope.verdict !== 'none'
      if (!isEmptyAndKept) return
      this.#open()
      this.#target.start(kind)
    }
    this.#target.end(kind)
  }

  string(value: string): void {
    if (this.#passes()) this.#target.string(value)
  }

  integer(value: number | bigint): void {
    if (this.#passes()) this.#target.integer(value)
  }

  double(value: number): void {
    if (this.#passes()) this.#target.double(value)
  }

  float(value: number): void {
    if (this.#passes()) this.#target.float(value)
  }

  boolean(value: boolean): void {
    if (this.#passes()) this.#target.boolean(value)
  }

  null(): void {
    if (this.#passes()) this.#target.null()
  }

  #judge(verdict: Verdict, name: string): Verdict {
    if (typeof verdict === 'string') return verdict
    const known = this.#known.get(verdict)?.get(name)
    if (known !== undefined) return known
    const followed = this.#follow(verdict, name)
    this.#keep(verdict, name, followed)
    return followed
  }

  #follow(nodes: readonly PatternNode[], name: string): Verdict {
    const [named, astray] = this.#mode === 'include' ? (['all', 'none'] as const) : (['none', 'all'] as const)
    // A set: many `**` lead to the same node in ever more ways, the deeper the data are.
    const next = new Set<PatternNode>()
    for (const node of nodes) {
      this.#unseen += node.width
      const followed = node.follow(name)
      if (followed === 'end') return named
      for (const each of followed) next.add(each)
    }
    return next.size > 0 ? [...next] : astray
  }

  #keep(verdict: Verdict, name: string, followed: Verdict): void {
    if (this.#knownSize >= MAX_KNOWN) {
      this.#known.clear()
      this.#knownSize = 0
    }
    this.#knownSize += 1 + (typeof followed === 'string' ? 0 : followed.length)
    const names = this.#known.get(verdict) ?? new Map<string, Verdict>()
    this.#known.set(verdict, names.set(name, followed))
  }

  /** Whether the next value, which is a scalar, passes. Writes the starts and keys that lead to it. */
  #passes(): boolean {
    const verdict = this.#nextVerdict()
    if (verdict === 'all') return true
    // The paths go on below this value, so none of them names it.
    if (verdict !== 'none' && this.#mode === 'exclude') {
      this.#open()
      return true
    }
    this.#unseen++
    return false
  }

  /** Arrays are transparent: their paths are those of their elements. */
  #nextVerdict(): Verdict {
    const scope = this.#scopes.at(-1)
    if (!scope) return this.#verdict
    if (typeof scope.verdict === 'string') return scope.verdict
    if (scope.kind === 'object') return this.#verdict
    scope.hasContent = true
    return scope.verdict
  }

  /** Writes the starts and keys that lead here and are not written yet. Answers as `key` does. */
  #open(): boolean {
    let canShow = true
    for (const scope of this.#scopes) {
      if (!scope.isOpen) this.#target.start(scope.kind)
      scope.isOpen = true
      if (scope.name === undefined) continue
      canShow = this.#target.key(scope.name)
      scope.name = undefined
    }
    return canShow
  }
}
