import { doubleText, floatText, uncachedText } from '../cells/numbers'
import { documentWriter } from '../document/document'
import type { Container, TokenSink } from '../document/token-sink'
import { doubleQuoted, isSimpleKey, keyText } from './yaml-scalar'

/** YAML as SnakeYAML writes it for Elasticsearch. Written by hand, because `yaml` quotes and folds differently. */
export const yamlWriter = documentWriter(() => new YamlSink())

/** An object or array that is being written. */
interface Block {
  kind: Container
  /** Blanks before its keys or dashes. */
  indent: number
  /** Begins on the line of the dash or colon before it: `- - 1`. */
  isCompact: boolean
  isEmpty: boolean
  /** The value that comes next follows a key on a line of its own. */
  isAfterLongKey: boolean
}

export class YamlSink implements TokenSink {
  readonly #blocks: Block[] = []
  #text = '---'
  /** Length of the line so far. */
  #column = 0

  get pending(): number {
    return this.#text.length
  }

  take(): string {
    const text = this.#text
    this.#text = ''
    return text
  }

  start(kind: Container): void {
    this.#element()
    this.#blocks.push({ kind, ...this.#place(kind), isEmpty: true, isAfterLongKey: false })
  }

  end(kind: Container): void {
    if (this.#blocks.pop()?.isEmpty) this.#text += kind === 'object' ? ' {}' : ' []'
    if (this.#blocks.length === 0) this.#text += '\n'
  }

  key(name: string): boolean {
    const block = this.#blocks.at(-1)
    if (!block) return true
    const text = keyText(name)
    block.isAfterLongKey = !isSimpleKey(name)
    if (block.isAfterLongKey) {
      this.#item(block, `? ${text}`)
      this.#item(block, ':')
    } else {
      this.#item(block, `${text}:`)
    }
    return true
  }

  string(value: string): void {
    this.#element()
    const indent = (this.#blocks.at(-1)?.indent ?? 0) + 2
    this.#text += ` ${doubleQuoted(value, this.#column + 2, indent)}`
  }

  integer(value: number | bigint): void {
    this.#plain(uncachedText(value))
  }

  double(value: number): void {
    this.#plain(doubleText(value))
  }

  float(value: number): void {
    this.#plain(floatText(value))
  }

  boolean(value: boolean): void {
    this.#plain(String(value))
  }

  null(): void {
    this.#plain('null')
  }

  #plain(text: string): void {
    this.#element()
    this.#text += ` ${text}`
  }

  /** Where a block goes. Arrays that are the value of a key are not indented. */
  #place(kind: Container): Pick<Block, 'indent' | 'isCompact'> {
    const parent = this.#blocks.at(-1)
    if (!parent) return { indent: 0, isCompact: false }
    const isCompact = parent.kind === 'array' || parent.isAfterLongKey
    return { indent: parent.indent + (isCompact || kind === 'object' ? 2 : 0), isCompact }
  }

  /** Begins the next element, where the next value is one. */
  #element(): void {
    const block = this.#blocks.at(-1)
    if (block?.kind === 'array') this.#item(block, '-')
  }

  #item(block: Block, text: string): void {
    if (block.isEmpty && block.isCompact) {
      this.#text += ` ${text}`
      this.#column += 1 + text.length
    } else {
      this.#text += `\n${' '.repeat(block.indent)}${text}`
      this.#column = block.indent + text.length
    }
    block.isEmpty = false
  }
}
