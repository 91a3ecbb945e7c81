import type { Value } from '../../core/result'
import { isMultiValue } from '../cells/multi-value'
import { dateText } from '../cells/scalar-text'
import type { TokenSink } from './token-sink'

const LONG_LIMIT = 2 ** 63

/** Writes what JSON can carry. */
export function writeTree(sink: TokenSink, value: Value | undefined): void {
  switch (typeof value) {
    case 'string':
      sink.string(value)
      break
    case 'number':
      writeNumber(sink, value)
      break
    case 'boolean':
      sink.boolean(value)
      break
    case 'bigint':
      sink.integer(value)
      break
    case 'object':
      if (value !== null) writeObject(sink, value)
      else sink.null()
      break
    default:
      sink.null()
  }
}

/** JavaScript does not tell 3 from 3.0, so whatever fits a `long` is taken for one, except minus zero. */
function writeNumber(sink: TokenSink, value: number): void {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) sink.integer(value)
  else if (Number.isInteger(value) && value !== 0 && Math.abs(value) < LONG_LIMIT) sink.integer(BigInt(value))
  else sink.double(value)
}

function writeObject(sink: TokenSink, value: Value & object): void {
  if (value instanceof Date) {
    sink.string(dateText(value, 'UTC'))
  } else if (isMultiValue(value)) {
    sink.startArray()
    for (const element of value) writeTree(sink, element)
    sink.endArray()
  } else {
    sink.startObject()
    for (const [name, member] of Object.entries(value)) writeMember(sink, name, member)
    sink.endObject()
  }
}

/** Writes a member of the object that is open, unless it is `undefined`. */
export function writeMember(sink: TokenSink, name: string, value: Value | undefined): void {
  if (value === undefined) return
  if (sink.key(name)) writeTree(sink, value)
  else sink.null()
}
