import { DEFAULT_KEEP_ALIVE_MS, DEFAULT_WAIT_MS } from '../core/operations'
import type { JsonLabel, SubmitBody, SubmitTimes } from '../core/pass-through'
import { parseTimeValue, timeText } from '../core/time-value'
import type { JsonNode } from '../json/parse'
import { isAsSent, markLength } from './body'

/** A time in the text of a submit. `start` and `end` are offsets in bytes. */
interface TimeField {
  name: string
  /** The time that the client sent, or the default. */
  ms: number
  isSent: boolean
  /** Where the value stands, or where to insert the field. */
  start: number
  end: number
}

/**
 * The body of a submit, from what the client or the host application has left, and from the JSON that was read of it. A
 * host application that parses bodies keeps no text: the JSON has been written down again. `label`: how to label the JSON of a
 * body that was sent in another format.
 */
export function submitBodyOf(sent: unknown, root: JsonNode, label?: JsonLabel): SubmitBody {
  if (!label || !isAsSent(sent)) return new SubmitText(Buffer.isBuffer(sent) ? sent : textOf(root), root)
  return new OtherBody(bytesOf(sent), new SubmitText(textOf(root), root), label)
}

function textOf(root: JsonNode): Buffer {
  return Buffer.from(root.source.text)
}

function bytesOf(sent: Buffer | string): Buffer {
  return typeof sent === 'string' ? Buffer.from(sent) : sent
}

/** The body of a request without times, which nobody here has to read. */
export function untouchedBodyOf(sent: Buffer | string): SubmitBody {
  return new UntouchedBody(bytesOf(sent))
}

/** To send a text of this length in one piece is cheaper than not to copy it. */
const LONGEST_COPY = 2 ** 16

const NOTHING = Buffer.alloc(0)

/** Replaces times in the bytes of a submit, by the offsets that were found when the text was read. */
class SubmitText implements SubmitBody {
  bytes: Buffer
  readonly #isEmpty: boolean
  readonly #wait: TimeField
  readonly #keepAlive: TimeField

  constructor(bytes: Buffer, root: JsonNode) {
    this.bytes = bytes
    this.#isEmpty = root.fields.length === 0
    this.#wait = findTime(bytes, root, 'wait_for_completion_timeout', DEFAULT_WAIT_MS)
    this.#keepAlive = findTime(bytes, root, 'keep_alive', DEFAULT_KEEP_ALIVE_MS)
  }

  withTimes(times: SubmitTimes): Buffer {
    const pieces = this.#pieces(times)
    return pieces.length === 0 ? this.bytes : Buffer.concat(pieces)
  }

  piecesWithTimes(times: SubmitTimes): readonly Buffer[] {
    const isShort = this.bytes.length <= LONGEST_COPY
    const pieces = isShort ? [] : this.#pieces(times)
    return pieces.length === 0 ? [this.withTimes(times)] : pieces
  }

  labelWithTimes(): undefined {}

  release(): void {
    this.bytes = NOTHING
  }

  changes(times: SubmitTimes): boolean {
    return this.#edits(times).length > 0
  }

  #edits({ waitMs, keepAliveMs }: SubmitTimes): (TimeField & { wantedMs: number })[] {
    return [
      { ...this.#wait, wantedMs: waitMs },
      { ...this.#keepAlive, wantedMs: keepAliveMs },
    ]
      .filter(({ ms, wantedMs }) => Math.max(0, ms) !== Math.max(0, wantedMs))
      .toSorted((one, other) => one.start - other.start)
  }

  /** None where nothing changes. */
  #pieces(times: SubmitTimes): Buffer[] {
    const edits = this.#edits(times)
    if (edits.length === 0) return []
    const parts: Buffer[] = []
    let copied = 0
    for (const [index, { name, isSent, start, end, wantedMs }] of edits.entries()) {
      const value = `"${timeText(wantedMs)}"`
      const comma = this.#isEmpty && index === edits.length - 1 ? '' : ','
      parts.push(
        this.bytes.subarray(copied, start),
        Buffer.from(isSent ? value : `"${name}":${value}${comma}`),
      )
      copied = end
    }
    return [...parts, this.bytes.subarray(copied)]
  }
}

class UntouchedBody implements SubmitBody {
  bytes: Buffer

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  withTimes(_times: SubmitTimes): Buffer {
    return this.bytes
  }

  piecesWithTimes(times: SubmitTimes): readonly Buffer[] {
    return [this.withTimes(times)]
  }

  labelWithTimes(_times: SubmitTimes): JsonLabel | undefined {
    return undefined
  }

  release(): void {
    this.bytes = NOTHING
  }
}

/** A body in another format. With other times it becomes JSON: the text of the JSON knows where its times stand. */
class OtherBody extends UntouchedBody {
  readonly #text: SubmitText
  readonly #label: JsonLabel

  constructor(bytes: Buffer, text: SubmitText, label: JsonLabel) {
    super(bytes)
    this.#text = text
    this.#label = label
  }

  override withTimes(times: SubmitTimes): Buffer {
    return this.#text.changes(times) ? this.#text.withTimes(times) : this.bytes
  }

  override piecesWithTimes(times: SubmitTimes): readonly Buffer[] {
    return this.#text.changes(times) ? this.#text.piecesWithTimes(times) : [this.bytes]
  }

  override labelWithTimes(times: SubmitTimes): JsonLabel | undefined {
    return this.#text.changes(times) ? this.#label : undefined
  }

  override release(): void {
    super.release()
    this.#text.release()
  }
}

function findTime(bytes: Buffer, root: JsonNode, name: string, defaultMs: number): TimeField {
  const { text } = root.source
  // The text was decoded without the byte order mark that the bytes may begin with.
  const byteOffset = (offset: number) => markLength(bytes) + Buffer.byteLength(text.slice(0, offset))
  const node = root.fields.find((field) => field.name === name)?.node
  if (node) {
    const ms = parseTimeValue(name, node.text)
    return { name, ms, isSent: true, start: byteOffset(node.start), end: byteOffset(node.stop) }
  }
  // Before the first field, if there is one.
  const start = byteOffset(root.start + 1)
  return { name, ms: defaultMs, isSent: false, start, end: start }
}
