/** `[LINE:COLUMN]`, both counted from 1. */
export type JsonLocation = string

/** The location of a value that the host application has parsed, in Elasticsearch's words. */
export const UNKNOWN_LOCATION = '[-1:-1]'

interface Mark {
  offset: number
  line: number
  lineStart: number
}

/** Finds locations in a text. Counts lines when somebody asks, or bit by bit while a long text is read. */
export class Lines {
  readonly #text: string
  readonly #hasPositions: boolean
  readonly #marks: Mark[] = [{ offset: 0, line: 1, lineStart: 0 }]

  /** `hasPositions` is `false` where this is not the text that the client sent. */
  constructor(text: string, hasPositions: boolean) {
    this.#text = text
    this.#hasPositions = hasPositions
  }

  /** Remembers the line of an offset, so that counting to later ones begins there. */
  mark(offset: number): void {
    if (offset > this.#marksUntil) this.#marks.push(this.#countTo(offset))
  }

  locate(offset: number): JsonLocation {
    if (!this.#hasPositions) return UNKNOWN_LOCATION
    const { line, lineStart } = this.#countTo(offset)
    return `[${line}:${offset - lineStart + 1}]`
  }

  get #marksUntil(): number {
    return this.#marks.at(-1)?.offset ?? 0
  }

  #countTo(offset: number): Mark {
    const text = this.#text
    const from = this.#marks.findLast((mark) => mark.offset <= offset)
    let { line, lineStart } = from ?? { line: 1, lineStart: 0 }
    for (let index = from?.offset ?? 0; index < offset; index += 1) {
      const code = text.charCodeAt(index)
      // In CR LF, the line feed ends the line.
      if (code !== 10 && (code !== 13 || text.charCodeAt(index + 1) === 10)) continue
      line += 1
      lineStart = index + 1
    }
    return { offset, line, lineStart }
  }
}
