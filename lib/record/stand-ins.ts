import { createHmac } from 'node:crypto'
import type { ColumnType, Value } from '../core/result'
import { isMultiValue } from '../core/result'
import { dateText } from '../formats/cells/dates'

/** What stands in place of the cells of a column. `hash`: equal cells stay equal, in the types that can tell them apart. */
export const COLUMN_RULES = ['mask', 'hash', 'null'] as const

/** What stands in place of the cells of a column: one text for all (`'mask'`), one for equal cells (`'hash'`), or null. */
export type ColumnRule = (typeof COLUMN_RULES)[number]

/** Of a text. It is no secret which texts are masked. */
export const MASK = '***'

/** One for all values of a type. A type that is not here gets null. */
const MASKS: { readonly [Type in ColumnType]?: Value } = {
  boolean: false,
  integer: 0,
  long: 0,
  unsigned_long: 0,
  double: 0,
  counter_integer: 0,
  counter_long: 0,
  counter_double: 0,
  keyword: MASK,
  text: MASK,
  _tsid: MASK,
  version: '0.0.0',
  date: '1970-01-01T00:00:00.000Z',
  date_nanos: '1970-01-01T00:00:00.000Z',
  ip: '0.0.0.0',
}

type Digest = Buffer

/** One for each value of a type. A type that is not here is masked. */
const HASHES: { readonly [Type in ColumnType]?: (digest: Digest) => Value } = {
  integer: (digest) => digest.readUInt32BE() >>> 1,
  counter_integer: (digest) => digest.readUInt32BE() >>> 1,
  long: (digest) => digest.readBigUInt64BE() >> 1n,
  counter_long: (digest) => digest.readBigUInt64BE() >> 1n,
  unsigned_long: (digest) => digest.readBigUInt64BE(),
  double: (digest) => digest.readUIntBE(0, 6),
  counter_double: (digest) => digest.readUIntBE(0, 6),
  keyword: hashText,
  text: hashText,
  _tsid: hashText,
  version: (digest) => `${digest.readUInt16BE()}.${digest.readUInt16BE(2)}.${digest.readUInt16BE(4)}`,
  date: hashDate,
  date_nanos: hashDate,
  ip: (digest) => `fd00:${(digest.toString('hex', 0, 14).match(/.{4}/g) ?? []).join(':')}`,
}

/** A text for a text: the same for the same salt, and not to be reversed without trying texts. */
export function hashOf(text: string, salt: string): string {
  return hashText(digestOf(text, salt))
}

/** What stands for the cells of a column of this type. Null stays null. */
export function standIn(rule: ColumnRule, type: ColumnType, salt: string): (cell: Value) => Value {
  const mask = MASKS[type] ?? null
  const hash = HASHES[type]
  if (rule === 'null') return () => null
  if (rule === 'mask' || !hash) return (cell) => (cell === null ? null : mask)
  const replace = (cell: Value): Value =>
    isMultiValue(cell) ? cell.map(replace) : cell === null ? null : hash(digestOf(String(cell), salt))
  return replace
}

function digestOf(text: string, salt: string): Digest {
  return createHmac('sha256', salt).update(text).digest()
}

function hashText(digest: Digest): string {
  return digest.toString('hex', 0, 8)
}

/** A moment before 2100. */
function hashDate(digest: Digest): string {
  return dateText(digest.readUIntBE(0, 6) % Date.UTC(2100), 'UTC')
}
