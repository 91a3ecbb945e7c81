import type { ObjectFormat } from '../../../formats/formats'
import { UnusableAnswerError } from '../outage'

/** What the beginning of an answer says, where Elasticsearch writes the id and the state of the query. */
export interface AnswerHead {
  format: ObjectFormat
  id?: HeadId
  isRunning?: boolean
}

interface HeadId {
  text: string
  /** Offsets of the value, with its quotes or its length. */
  start: number
  end: number
}

/**
 * How many bytes of a body are searched. `id` and `is_running` are the first fields of a body, so they stand here or
 * `filter_path` has removed them.
 */
export const LONGEST_HEAD = 4_096

export const UNREADABLE_ID = 'the id in the answer of the cluster cannot be read'

/**
 * Reads the beginning of an answer, or `undefined` while more of it is needed. `isAll`: there is no more. `isGuess`: it
 * may be no object.
 *
 * Throws where an id begins that it cannot read: an id that is not replaced must not reach the client.
 */
export function readHead(
  format: ObjectFormat,
  bytes: Buffer,
  isAll: boolean,
  isGuess = false,
): AnswerHead | undefined {
  const { isObject, hasUnreadableId, ...head } = READERS[format](bytes)
  // Every other answer is small, or has rows to come that fill the head.
  if (head.id && head.isRunning === false) return { format, ...head }
  if (!isAll && bytes.length < LONGEST_HEAD) return undefined
  if (hasUnreadableId) throw new UnusableAnswerError(UNREADABLE_ID)
  if (!isObject && !isGuess) throw new UnusableAnswerError('the answer of the cluster is not an object')
  return { format, ...head }
}

/** The format of an object by its first character. `undefined` where none begins like this. */
export function guessFormat(bytes: Buffer): ObjectFormat | undefined {
  const [first = ''] = bytes.toString('latin1', 0, LONGEST_HEAD).trimStart()
  const formats = { '{': 'json', '-': 'yaml', ':': 'smile', '\xbf': 'cbor', '\xd9': 'cbor' } as const
  return Object.hasOwn(formats, first) ? formats[first as keyof typeof formats] : undefined
}

export function replaceId(format: ObjectFormat, bytes: Buffer, { start, end }: HeadId, text: string): Buffer {
  return Buffer.concat([bytes.subarray(0, start), WRITERS[format](text), bytes.subarray(end)])
}

interface FoundHead extends Omit<AnswerHead, 'format'> {
  /** The bytes begin as an object does. */
  isObject: boolean
  /** A field for the id begins, but its value is not all there or has an unusual form. */
  hasUnreadableId: boolean
}

const READERS: Readonly<Record<ObjectFormat, (bytes: Buffer) => FoundHead>> = {
  json: (bytes) => readText(bytes, JSON_TEXT),
  yaml: (bytes) => readText(bytes, YAML_TEXT),
  cbor: (bytes) => readFields(bytes, cborMapStart(bytes), CBOR),
  smile: (bytes) => readFields(bytes, smileMapStart(bytes), SMILE),
}

const WRITERS: Readonly<Record<ObjectFormat, (text: string) => Buffer>> = {
  json: (text) => Buffer.from(`"${text}"`),
  yaml: (text) => Buffer.from(`"${text}"`),
  cbor: (text) => {
    // A sealed id is never as short as the texts whose length goes into the first byte.
    const { length } = text
    const size = length < 256 ? [0x78, length] : [0x79, length >> 8, length & 0xff]
    return Buffer.concat([Buffer.from(size), Buffer.from(text)])
  },
  // The form for long texts, because readers count short texts and later ones refer to them by number.
  smile: (text) =>
    Buffer.concat([Buffer.of(SMILE_LONG_ASCII), Buffer.from(text), Buffer.of(SMILE_END_OF_TEXT)]),
}

/** How a text format begins. Each expression matches where the one before it ended. */
interface TextFormat {
  begin: RegExp
  /** A field that is no list and no object: its name and its value. */
  field: RegExp
  idKey: RegExp
}

const JSON_TEXT: TextFormat = {
  begin: /\s*\{\s*/y,
  field: /"(\w+)"\s*:\s*("(?:[^"\\]|\\.)*"|[\w.+-]+)\s*(?:,\s*|(?=\}))/dy,
  idKey: /"id"/y,
}

const YAML_TEXT: TextFormat = {
  begin: /---\s*/y,
  field: /(\w+): *("[^"\\\n]*"|'[^'\n]*'|[^\s"'[{][^\n]*?)\s*\n/dy,
  idKey: /id:/y,
}

/** An id that needs no decoding, with or without quotes. */
const PLAIN_ID = /^(?:"[^"\\]*"|'[^']*'|[\w-]+=*)$/

function readText(bytes: Buffer, { begin, field, idKey }: TextFormat): FoundHead {
  const text = bytes.toString('latin1', 0, LONGEST_HEAD)
  const matchAt = (expression: RegExp, at: number): RegExpExecArray | null => {
    expression.lastIndex = at
    return expression.exec(text)
  }
  let at = matchAt(begin, 0)?.[0].length
  if (at === undefined) return { isObject: false, hasUnreadableId: false }
  const found: Pick<AnswerHead, 'id' | 'isRunning'> = {}
  for (let match = matchAt(field, at); match; match = matchAt(field, at)) {
    const [all, name, value = ''] = match
    if (name === 'id' && !PLAIN_ID.test(value)) break
    const [start = 0, stop = 0] = match.indices?.[2] ?? []
    if (name === 'id') found.id = { text: value.replace(/^["']|["']$/g, ''), start, end: stop }
    if (name === 'is_running') found.isRunning = value === 'true'
    at += all.length
    if (found.id && found.isRunning !== undefined) break
  }
  const hasUnreadableId = !found.id && matchAt(idKey, at) !== null
  return { ...found, isObject: true, hasUnreadableId }
}

/** How a binary format writes the first two fields. */
interface BinaryFormat {
  idKey: Buffer
  isRunningKey: Buffer
  true: number
  false: number
  /** Where the characters of a text start and stop, and where the text ends. `undefined`: no text, or not all of it. */
  readString(bytes: Buffer, at: number): { start: number; stop: number; end: number } | undefined
}

const CBOR: BinaryFormat = {
  idKey: Buffer.from('\x62id', 'latin1'),
  isRunningKey: Buffer.from('\x6ais_running', 'latin1'),
  true: 0xf5,
  false: 0xf4,
  readString(bytes, at) {
    const first = bytes[at] ?? 0
    const [start, length] =
      first >= 0x60 && first < 0x78
        ? [at + 1, first - 0x60]
        : first === 0x78
          ? [at + 2, bytes[at + 1] ?? 0]
          : first === 0x79
            ? [at + 3, (bytes[at + 1] ?? 0) * 256 + (bytes[at + 2] ?? 0)]
            : [0, Number.NaN]
    const stop = start + length
    return stop <= bytes.length ? { start, stop, end: stop } : undefined
  },
}

const SMILE_LONG_ASCII = 0xe0
const SMILE_END_OF_TEXT = 0xfc

const SMILE: BinaryFormat = {
  idKey: Buffer.from('\x81id', 'latin1'),
  isRunningKey: Buffer.from('\x89is_running', 'latin1'),
  true: 0x23,
  false: 0x22,
  readString(bytes, at) {
    const first = bytes[at] ?? 0
    const start = at + 1
    if (first === SMILE_LONG_ASCII) {
      const stop = bytes.indexOf(SMILE_END_OF_TEXT, start)
      return stop < 0 ? undefined : { start, stop, end: stop + 1 }
    }
    const sharesTexts = ((bytes[3] ?? 0) & 0x02) !== 0
    // Later texts would refer to this one by its number.
    if (first < 0x40 || first > 0x7f || sharesTexts) return undefined
    const stop = start + first - 0x3f
    return stop <= bytes.length ? { start, stop, end: stop } : undefined
  },
}

function readFields(bytes: Buffer, begin: number | undefined, format: BinaryFormat): FoundHead {
  if (begin === undefined) return { isObject: false, hasUnreadableId: false }
  const { idKey, isRunningKey } = format
  const head: FoundHead = { isObject: true, hasUnreadableId: false }
  let at = begin
  for (;;) {
    if (!head.id && startsWith(bytes, idKey, at)) {
      const valueAt = at + idKey.length
      const found = format.readString(bytes, valueAt)
      if (!found) return { ...head, hasUnreadableId: true }
      head.id = { text: bytes.toString('latin1', found.start, found.stop), start: valueAt, end: found.end }
      at = found.end
    } else if (head.isRunning === undefined && startsWith(bytes, isRunningKey, at)) {
      const state = bytes[at + isRunningKey.length]
      if (state !== format.true && state !== format.false) return head
      head.isRunning = state === format.true
      at += isRunningKey.length + 1
    } else {
      return head
    }
  }
}

function startsWith(bytes: Buffer, text: Buffer, at: number): boolean {
  return bytes.subarray(at, at + text.length).equals(text)
}

/** Where the first field of the outermost map stands. A tag may precede the map. */
function cborMapStart(bytes: Buffer): number | undefined {
  const at = startsWith(bytes, Buffer.of(0xd9, 0xd9, 0xf7), 0) ? 3 : 0
  const first = bytes[at] ?? 0
  if (first === 0xbf || (first >= 0xa0 && first <= 0xb7)) return at + 1
  return first === 0xb8 ? at + 2 : undefined
}

function smileMapStart(bytes: Buffer): number | undefined {
  return startsWith(bytes, Buffer.from(':)\n', 'latin1'), 0) && bytes[4] === 0xfa ? 5 : undefined
}
