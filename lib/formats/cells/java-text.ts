import type { Value } from '../../core/result'
import { isMultiValue } from './multi-value'
import { dateText, doubleText } from './scalar-text'

/** A document as Java prints maps and lists: `{foo={a=[1, null]}}`. Text formats show `_source` like that. */
export function javaText(value: Value | undefined): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'number') return numberText(value)
  if (value instanceof Date) return dateText(value, 'UTC')
  if (typeof value !== 'object') return String(value)
  if (isMultiValue(value)) return `[${value.map(javaText).join(', ')}]`
  const entries = Object.entries(value).filter(([, member]) => member !== undefined)
  return `{${entries.map(([key, member]) => `${key}=${javaText(member)}`).join(', ')}}`
}

/** JavaScript does not tell 3 from 3.0, so whatever fits a `long` is taken for one, except minus zero. */
export function numberText(value: number): string {
  const isLong = Number.isInteger(value) && Math.abs(value) < 2 ** 63 && !Object.is(value, -0)
  return isLong ? String(BigInt(value)) : doubleText(value)
}
