import type { Value } from '../../core/result'
import { isMultiValue } from '../../core/result'
import { dateText } from '../cells/dates'
import { integerOf } from '../cells/numbers'
import type { TokenSink } from './token-sink'

/** Writes a value of any depth, as JSON can carry it. */
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
      if (value !== null) writeNested(sink, value)
      else sink.null()
      break
    default:
      sink.null()
  }
}

function writeNumber(sink: TokenSink, value: number): void {
  const integer = integerOf(value)
  if (integer === undefined) sink.double(value)
  else sink.integer(integer)
}

function writeNested(sink: TokenSink, value: Value & object): void {
  if (value instanceof Date) {
    sink.string(dateText(value, 'UTC'))
  } else if (isMultiValue(value)) {
    sink.start('array')
    for (const element of value) writeTree(sink, element)
    sink.end('array')
  } else {
    sink.start('object')
    for (const [name, member] of Object.entries(value)) writeMember(sink, name, member)
    sink.end('object')
  }
}

/** Writes a member of the object that is open, unless it is `undefined`. */
export function writeMember(sink: TokenSink, name: string, value: Value | undefined): void {
  if (value === undefined) return
  if (sink.key(name)) writeTree(sink, value)
  else sink.null()
}
