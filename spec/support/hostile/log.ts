import type { Logger } from 'express-esql-async-query'

/** A logger that keeps every line. */
export class KeptLog {
  /** Lines of a level that alerts an operator. */
  readonly loud: string[] = []
  readonly all: string[] = []
  readonly logger: Logger = {
    debug: (...line) => this.#keep(line),
    info: (...line) => this.#keep(line),
    warn: (...line) => this.#keep(line, this.loud),
    error: (...line) => this.#keep(line, this.loud),
  }

  clear(): void {
    this.all.length = 0
    this.loud.length = 0
  }

  #keep(line: unknown[], ...more: string[][]): void {
    for (const lines of [this.all, ...more]) lines.push(JSON.stringify(line))
  }
}
