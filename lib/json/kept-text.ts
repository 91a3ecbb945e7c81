import type { JsonText } from '../core/json-text'
import { checkedText } from '../core/json-text'
import { END, OPEN_BRACE, Tokens } from './tokens'
import type { TreeBuilder } from './tree-builder'

/** What becomes a {@link JsonText}: nothing, the objects in the cells of rows, or all of the text. */
export type Kept = 'nothing' | 'cells' | 'all'

const NOWHERE = -1

/** Keeps the text of some values of a text that is being read. What is kept is a document of its own, wherever it stands. */
export class KeptText {
  /** Of the document that is being kept. */
  #depth = NOWHERE
  #start = 0
  readonly #kept: Kept

  constructor(kept: Kept) {
    this.#kept = kept
  }

  get isOpen(): boolean {
    return this.#depth !== NOWHERE
  }

  /** How deep something stands within its document. */
  depthIn(depth: number): number {
    return this.isOpen ? depth - this.#depth : depth
  }

  /** A value begins. */
  begin(kind: number, { start }: Tokens, tree: TreeBuilder): void {
    if (this.#kept === 'nothing' || this.isOpen) return
    if (this.#kept === 'cells' && (kind !== OPEN_BRACE || !tree.isInCell)) return
    this.#depth = tree.depth
    this.#start = start
  }

  endsAt(depth: number): boolean {
    return depth === this.#depth
  }

  end({ text, end, commentEnd }: Tokens): JsonText {
    this.#depth = NOWHERE
    const spelled = text.slice(this.#start, end)
    const json = commentEnd > this.#start ? withoutComments(spelled) : spelled
    // A copy, since a piece would keep the whole text alive. UTF-8 has no lone surrogates.
    return checkedText(Buffer.from(json).toString())
  }
}

/** Blanks go with them. */
function withoutComments(text: string): string {
  const tokens = new Tokens(text, Number.POSITIVE_INFINITY)
  let spelled = ''
  while (tokens.next() !== END) spelled += text.slice(tokens.start, tokens.end)
  return spelled
}
