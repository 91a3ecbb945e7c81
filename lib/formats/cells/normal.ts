import { isIPv4, isIPv6 } from 'node:net'
import { isDate } from 'node:util/types'
import type { JsonText } from '../../core/json-text'
import { isJsonText } from '../../core/json-text'
import type { Value, ValueObject } from '../../core/result'
import { isValueObject } from '../../core/result'
import type { Scalar } from './cell'
import { dateNanosText, dateText, parseInstant } from './dates'
import { doubleText, uncachedText } from './numbers'
import { DOUBLES } from './objects'
import type { Leaf } from './trees'
import { normalTree, wellFormed } from './trees'
import { wktToWkb } from './wkb'

/**
 * Gives one value of a cell, which is not null, the one form that every format writes. Returns `undefined`, or throws,
 * for a value that its column cannot hold.
 */
export type Normalize = (value: Value) => Scalar | undefined

export function normalBoolean(value: Value): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined
}

/** A number as far as it is exact, otherwise a bigint. */
export function normalInteger(min: bigint, max: bigint): (value: Value) => number | bigint | undefined {
  const [low, high] = [Number(min), Number(max)]
  return (value) => {
    if (typeof value === 'number') {
      // A number beyond 2^53 may have been rounded. There is no integer -0.
      return Number.isSafeInteger(value) && value >= low && value <= high ? value + 0 : undefined
    }
    // No 64-bit integer has more digits than 20, and long texts of digits are slow to read.
    const isText = typeof value === 'string' && value.length <= 40 && /^[+-]?\d+$/.test(value)
    if (!isText && typeof value !== 'bigint') return undefined
    const integer = BigInt(value)
    if (integer < min || integer > max) return undefined
    const number = Number(integer)
    return Number.isSafeInteger(number) ? number : integer
  }
}

export const normalLong = normalInteger(-(2n ** 63n), 2n ** 63n - 1n)

const DECIMAL = /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|Infinity)$|^NaN$/

/** Text stands for a number that JSON cannot carry, `NaN`, or for a decimal of a database. */
export function normalDouble(value: Value): number | undefined {
  if (typeof value === 'number') return value
  return typeof value === 'bigint' || (typeof value === 'string' && DECIMAL.test(value))
    ? Number(value)
    : undefined
}

export function normalText(value: Value): string | undefined {
  switch (typeof value) {
    case 'string':
      return wellFormed(value)
    case 'number':
    case 'bigint':
    case 'boolean':
      return uncachedText(value)
    default:
      return isDate(value) ? normalDate(value) : undefined
  }
}

/** The form itself, on days that every month has. Most stores hand over such text, and parsing takes much longer. */
const PRINTED =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}(?:\d{0,5}[1-9])?Z$/

/** A moment in UTC. JavaScript reads no moment that lies further away than 2^53 milliseconds. */
export function normalDate(value: Value): string | undefined {
  if (typeof value === 'string' && value.length === 24 && PRINTED.test(value)) return value
  const ms = typeof value === 'string' ? parseInstant(value)?.ms : epochMs(value)
  if (!Number.isSafeInteger(ms)) return undefined
  return dateText(typeof value === 'string' ? value : (ms ?? 0), 'UTC')
}

function epochMs(value: Value): number | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return Math.floor(Number(value))
  return isDate(value) ? value.getTime() : undefined
}

const NANOS_MAX = 2n ** 63n - 1n

/** Elasticsearch counts the nanoseconds since 1970 in a long. */
export function normalDateNanos(value: Value): string | undefined {
  if (typeof value === 'string' && value >= '1970' && value < '2262' && PRINTED.test(value)) return value
  const nanos = epochNanos(value)
  if (nanos === undefined || nanos < 0n || nanos > NANOS_MAX) return undefined
  return dateNanosText(typeof value === 'string' ? value : nanos, 'UTC')
}

function epochNanos(value: Value): bigint | undefined {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined
  const instant =
    typeof value === 'string' ? parseInstant(value) : { ms: epochMs(value) ?? Number.NaN, nanos: 0 }
  if (!instant || !Number.isSafeInteger(instant.ms)) return undefined
  return BigInt(instant.ms) * 1_000_000n + BigInt(instant.nanos)
}

const MAPPED_IPV4 = /^::ffff:([\da-f]+):([\da-f]+)$/

/** An address as Elasticsearch prints it: IPv6 compressed, and dotted where it is an IPv4 address. */
export function normalIp(value: Value): string | undefined {
  if (typeof value !== 'string') return undefined
  if (isIPv4(value)) return value
  // A zone counts on one machine only.
  if (!isIPv6(value) || value.includes('%')) return undefined
  const text = new URL(`http://[${value}]`).hostname.slice(1, -1)
  const [, high, low] = MAPPED_IPV4.exec(text) ?? []
  if (high === undefined) return text
  const bits = Number.parseInt(high, 16) * 0x1_0000 + Number.parseInt(low ?? '', 16)
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 0xff).join('.')
}

export function normalShape(value: Value): string | undefined {
  if (typeof value !== 'string') return undefined
  wktToWkb(value)
  return value
}

export function normalPoint(value: Value): string | undefined {
  return typeof value === 'string' && /^\s*point\b/i.test(value) ? normalShape(value) : undefined
}

/** The text of a range is that of its ends with two dots between. An end that is left out is open. */
export function normalRange(normalEnd: (end: string) => string | undefined): Normalize {
  return (value) => {
    const ends = typeof value === 'string' ? value.split('..') : []
    const [from, to] = ends.map((end) => (end === '' ? end : normalEnd(end)))
    return ends.length !== 2 || from === undefined || to === undefined ? undefined : `${from}..${to}`
  }
}

export function normalDoubleEnd(end: string): string | undefined {
  const number = normalDouble(end)
  return number === undefined ? undefined : doubleText(number)
}

/** An object, or a text, which then is the same text in every format. */
export function normalDocument(value: Value): Scalar | undefined {
  return typeof value === 'string' ? wellFormed(value) : normalObject(value)
}

export function normalObject(value: Value, leaf?: Leaf): Scalar | undefined {
  if (typeof value !== 'object' || isDate(value)) return undefined
  const tree = normalTree(value, leaf)
  const isDocument = isJsonText(tree) ? tree.text.startsWith('{') : isValueObject(tree)
  return isDocument ? (tree as ValueObject | JsonText) : undefined
}

/** An object of numbers, some of which are doubles by name. */
export function normalHistogram(value: Value): Scalar | undefined {
  return normalObject(value, normalLeaf)
}

function normalLeaf(value: unknown, name: string): Value {
  if (value === null || value === undefined) return null
  const number = (DOUBLES.has(name) ? undefined : normalLong(value as Value)) ?? normalDouble(value as Value)
  if (number === undefined) throw new TypeError(`\`${name}\` is no number`)
  return number
}
