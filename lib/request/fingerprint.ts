import { createHash } from 'node:crypto'
import type { Value, ValueObject } from '../core/result'
import { isMultiValue, isValueObject } from '../core/result'
import type { Work } from '../core/turns'

/** To make and digest so many characters takes some milliseconds, of the shortest values too. */
const LENGTH_PER_TURN = 2 ** 15

/** To sort many more takes too long. Objects with more fields are the same only in the same order. */
const MAX_SORTED_FIELDS = 1_000

/** SHA-256 of a value of JSON, with pauses. It is the same for objects whose fields stand in another order. */
export function* fingerprintOf(value: Value): Work<string> {
  const hash = createHash('sha256')
  let text = ''
  for (const piece of piecesOf(value)) {
    text += piece
    if (text.length < LENGTH_PER_TURN) continue
    // In UTF-16, halves of surrogate pairs differ too.
    hash.update(text, 'utf16le')
    text = ''
    yield
  }
  return hash.update(text, 'utf16le').digest('base64url')
}

/** A text for a value, piece by piece. Lengths stand in front, so that it can be read in one way only. */
function* piecesOf(root: Value): Generator<string> {
  const opened = [[root].values()]
  for (let last = opened.at(-1); last; last = opened.at(-1)) {
    const { done, value } = last.next()
    if (done) opened.pop()
    else if (typeof value === 'string') {
      yield `"${value.length}:`
      for (let start = 0; start < value.length; start += LENGTH_PER_TURN) {
        yield value.slice(start, start + LENGTH_PER_TURN)
      }
    } else if (isMultiValue(value) || isValueObject(value)) {
      const items = isMultiValue(value) ? value : namesAndValues(value)
      yield `${isMultiValue(value) ? '[' : '{'}${items.length},`
      opened.push(items.values() as ArrayIterator<Value>)
    } else yield textOf(value)
  }
}

function namesAndValues(object: ValueObject): Value[] {
  const fields = Object.entries(object).filter(([, value]) => value !== undefined)
  if (fields.length <= MAX_SORTED_FIELDS) fields.sort(([one], [other]) => (one < other ? -1 : 1))
  return fields.flat(1) as Value[]
}

function textOf(value: Value): string {
  if (typeof value === 'bigint') return `${value}n,`
  return Object.is(value, -0) ? '-0,' : `${value},`
}
