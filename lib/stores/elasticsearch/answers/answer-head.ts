import type { ObjectFormat } from '../../../formats/formats'
import { UnusableAnswerError } from '../outage'

/** What the beginning of an answer says, where Elasticsearch writes the id and the state of the query. */
export interface AnswerHead {
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

/**
 * Reads the beginning of an answer, or `undefined` while more of it is needed. `isAll`: there is no more.
 *
 * Throws where an id begins that it cannot read: an id that is not replaced must not reach the client.
 */
export function readHead(format: ObjectFormat, bytes: Buffer, isAll: boolean): AnswerHead | undefined {
  const head = READERS[format](bytes)
  if (head.isRunning !== undefined) return head
  if (!isAll && bytes.length < LONGEST_HEAD) return undefined
  if (head.beginsWithId && !head.id) {
    throw new UnusableAnswerError('the id in the answer of the cluster cannot be read')
  }
  return head
}

export function replaceId(format: ObjectFormat, bytes: Buffer, { start, end }: HeadId, text: string): Buffer {
  return Buffer.concat([bytes.subarray(0, start), WRITERS[format](text), bytes.subarray(end)])
}

type FoundHead = AnswerHead & { beginsWithId: boolean }

const READERS: Readonly<Record<ObjectFormat, (bytes: Buffer) => FoundHead>> = {
  json: (bytes) => readText(bytes, JSON_HEAD),
  yaml: (bytes) => readText(bytes, YAML_HEAD),
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

interface TextHead {
  begin: RegExp
  id: RegExp
  isRunning: RegExp
}

/** Each expression begins to match where the one before it ended. */
const JSON_HEAD: TextHead = {
  begin: /\s*\{\s*/y,
  id: /"id"\s*:\s*("[^"\\]*")(?:\s*,\s*|(?=\s*\}))/y,
  isRunning: /"is_running"\s*:\s*(true|false)/y,
}

const YAML_HEAD: TextHead = {
  begin: /---\s*/y,
  id: /id:\s*("[^"\\\n]*"|'[^'\n]*'|[\w-]+=*)\s*\n/y,
  isRunning: /is_running:\s*(true|false)/y,
}

const BEGINS_WITH_ID = /"id"|id:/y

function readText(bytes: Buffer, { begin, id, isRunning }: TextHead): FoundHead {
  const text = bytes.toString('latin1', 0, LONGEST_HEAD)
  let at = 0
  const match = (expression: RegExp): string | undefined => {
    expression.lastIndex = at
    const found = expression.exec(text)
    if (!found) return undefined
    at = expression.lastIndex
    return found[1] ?? ''
  }
  if (match(begin) === undefined) return { beginsWithId: false }
  const idAt = at
  BEGINS_WITH_ID.lastIndex = at
  const head: FoundHead = { beginsWithId: BEGINS_WITH_ID.test(text) }
  const quoted = match(id)
  if (quoted) {
    const start = text.indexOf(quoted, idAt)
    head.id = { text: quoted.replace(/^["']|["']$/g, ''), start, end: start + quoted.length }
  }
  const state = match(isRunning)
  if (state) head.isRunning = state === 'true'
  return head
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
  if (begin === undefined) return { beginsWithId: false }
  const beginsWithId = startsWith(bytes, format.idKey, begin)
  const head: FoundHead = { beginsWithId }
  let at = begin
  if (beginsWithId) {
    const valueAt = begin + format.idKey.length
    const found = format.readString(bytes, valueAt)
    if (!found) return head
    head.id = { text: bytes.toString('latin1', found.start, found.stop), start: valueAt, end: found.end }
    at = found.end
  }
  if (startsWith(bytes, format.isRunningKey, at)) {
    const state = bytes[at + format.isRunningKey.length]
    if (state === format.true || state === format.false) head.isRunning = state === format.true
  }
  return head
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
