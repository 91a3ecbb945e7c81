import { isJsonText } from '../../core/json-text'
import type { Value } from '../../core/result'
import { isMultiValue } from '../../core/result'
import { readTokens } from '../../json/read-tokens'
import { integerOf } from '../cells/numbers'
import type { Members, TokenSink } from './token-sink'

const NO_NAMES: ReadonlySet<string> = new Set()

/** Writes a value of any depth, as JSON can carry it. The numbers of members with the names in `doubles` are doubles. */
export function writeTree(sink: TokenSink, value: Value | undefined, doubles = NO_NAMES, name = ''): void {
  switch (typeof value) {
    case 'string':
      sink.string(value)
      break
    case 'number':
      if (doubles.has(name)) sink.double(value)
      else writeNumber(sink, value)
      break
    case 'boolean':
      sink.boolean(value)
      break
    case 'bigint':
      sink.integer(value)
      break
    case 'object':
      if (value !== null) writeNested(sink, value, doubles, name)
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

function writeNested(
  sink: TokenSink,
  value: Value & object,
  doubles: ReadonlySet<string>,
  name: string,
): void {
  if (isMultiValue(value)) {
    sink.start('array')
    for (const element of value) writeTree(sink, element, doubles, name)
    sink.end('array')
  } else if (isJsonText(value)) {
    if (!sink.json?.(value.text)) readTokens(value.text, sink)
  } else {
    sink.start('object')
    for (const [key, member] of Object.entries(value)) writeMember(sink, key, member, doubles)
    sink.end('object')
  }
}

/** Writes a member of the object that is open, unless it is `undefined`. */
export function writeMember(
  sink: TokenSink,
  name: string,
  value: Value | undefined,
  doubles = NO_NAMES,
): void {
  if (value === undefined) return
  if (sink.key(name)) writeTree(sink, value, doubles, name)
  else sink.null()
}

/** Writes members of the object that is open. */
export function writeMembers(sink: TokenSink, members: Members): void {
  if (sink.members?.(members)) return
  for (const [name, value] of Object.entries(members)) writeMember(sink, name, value)
}
