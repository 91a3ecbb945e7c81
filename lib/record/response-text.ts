import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Rows, ValueObject } from '../core/result'
import { cellText, layout } from './layout'

/** Characters of a response that stands in the catalogue. A longer one has a file of its own. */
const INLINE_LENGTH = 32 * 1024

/** Fields that differ from run to run although the answer is the same. Each has a line of its own, in front of the rows. */
const VOLATILE = /^ {2}"(?:took|read_nanos|cpu_nanos)": /

/** A response as it is recorded. */
export interface RecordedResponse {
  /** Its JSON, or the name of its file, as the catalogue has it. */
  readonly text?: string
  readonly file?: string
  /** Equal for responses that are the same but for {@link VOLATILE}. */
  readonly signature: string
}

/** Writes the JSON of one response, row by row. What gets long goes to a file at once. */
export class ResponseWriter {
  readonly #folder: string
  readonly #signature = new Signature()
  readonly #content = createHash('sha256')
  #text = ''
  #file: { path: string; handle: FileHandle } | undefined
  #hasRows = false

  /** `folder` gets the file. It need not exist. */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** The fields in front of the rows. */
  async begin(head: ValueObject): Promise<void> {
    await this.#write(`${layout(head).slice(0, -'\n}'.length)},\n  "values": [`)
  }

  async add(rows: Rows): Promise<void> {
    let text = ''
    for (const row of rows) {
      text += `${this.#hasRows ? ',' : ''}\n    ${cellText(row)}`
      this.#hasRows = true
    }
    await this.#write(text)
  }

  /** The fields behind the rows. Resolves when the response is where it stays. */
  async end(tail: ValueObject): Promise<RecordedResponse> {
    const more = layout(tail).slice('{'.length)
    await this.#write(`${this.#hasRows ? '\n  ' : ''}]${more === '}' ? '\n}' : `,${more}`}`)
    const signature = this.#signature.end()
    if (!this.#file) return { text: this.#text, signature }
    this.#content.update('\n')
    this.#text += '\n'
    await this.#flush()
    const name = `${this.#content.digest('hex').slice(0, 16)}.json`
    const { path: temporary, handle } = this.#file
    await handle.sync()
    await handle.close()
    await rename(temporary, path.join(this.#folder, name))
    return { file: `${path.basename(this.#folder)}/${name}`, signature }
  }

  /** Nothing of it stays. */
  async discard(): Promise<void> {
    if (!this.#file) return
    await this.#file.handle.close().catch(() => {})
    await rm(this.#file.path, { force: true })
  }

  async #write(text: string): Promise<void> {
    this.#signature.add(text)
    this.#content.update(text)
    this.#text += text
    if (this.#text.length <= INLINE_LENGTH) return
    if (!this.#file) {
      await mkdir(this.#folder, { recursive: true })
      const temporary = path.join(this.#folder, `.${process.pid}-${randomBytes(6).toString('hex')}.tmp`)
      this.#file = { path: temporary, handle: await open(temporary, 'wx') }
    }
    await this.#flush()
  }

  async #flush(): Promise<void> {
    const text = this.#text
    this.#text = ''
    await this.#file?.handle.writeFile(text)
  }
}

/** The signature of a response whose JSON is laid out as ours. */
export function signatureOf(text: string): string {
  const signature = new Signature()
  signature.add(text)
  return signature.end()
}

/** The same of a file. `undefined` if it cannot be read. */
export async function signatureOfFile(file: string): Promise<string | undefined> {
  const signature = new Signature()
  try {
    for await (const text of createReadStream(file, 'utf8')) signature.add(text)
    return signature.end()
  } catch {
    return undefined
  }
}

/** Where the rows begin, which may have lines of their own. */
const ROWS = /^ {2}"values": /

/** Digests all lines but the volatile ones. */
class Signature {
  readonly #hash = createHash('sha256')
  #line = ''
  #isInRows = false

  add(text: string): void {
    const all = (this.#line + text).split('\n')
    this.#line = all.pop() ?? ''
    for (const line of all) this.#digest(line)
  }

  end(): string {
    // A file ends with a line break, and a response in a catalogue does not.
    if (this.#line !== '') this.#digest(this.#line)
    return this.#hash.digest('hex')
  }

  #digest(line: string): void {
    this.#isInRows ||= ROWS.test(line)
    if (this.#isInRows || !VOLATILE.test(line)) this.#hash.update(`${line}\n`)
  }
}
