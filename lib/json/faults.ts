import { abbreviated, QueryError } from '../core/errors'
import type { JsonLocation } from './lines'

/** Jackson's lists of what a value can be. */
const JSON_VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*/u
/** Jackson cuts words that it does not know. */
const LONGEST_WORD = 256

/** What Elasticsearch answers to a malformed text: Jackson's reason with the position before it. */
export function malformedJson(location: JsonLocation, reason: string): QueryError {
  return new QueryError('x_content_parse_exception', `${location} ${reason}`, {
    causedBy: { type: 'json_parse_exception', reason },
  })
}

export function endOfInput(location: JsonLocation): QueryError {
  const reason = 'Unexpected end-of-input'
  return new QueryError('x_content_e_o_f_exception', `${location} ${reason}`, {
    causedBy: { type: 'json_e_o_f_exception', reason },
  })
}

/** Jackson's reason why there is no value at an offset. */
export function noValue(source: string, offset: number): string {
  const character = characterAt(source, offset)
  if (character === '-') {
    const why = 'in numeric value: expected digit (0-9) to follow minus sign, for valid numeric value'
    return `Unexpected character ${describe(source, offset + 1)} ${why}`
  }
  if (character === ',' || character === ']' || character === '}') {
    return `Unexpected character ${describe(source, offset)}: expected a value`
  }
  return (
    unrecognizedToken(source, offset) ??
    `Unexpected character ${describe(source, offset)}: expected a valid value ${JSON_VALUES}`
  )
}

/** Jackson's reason against what stands where a separator has to. */
export function noSeparator(source: string, offset: number, within: 'Array' | 'Object'): string {
  const [close, wrong] = within === 'Array' ? [']', '}'] : ['}', ']']
  if (source[offset] === wrong) return `Unexpected close marker '${wrong}': expected '${close}'`
  return unexpectedCharacter(source, offset, `was expecting comma to separate ${within} entries`)
}

/** The reason against what stands behind the body. */
export function trailingContent(source: string, offset: number): string {
  return (
    unrecognizedToken(source, offset) ?? unexpectedCharacter(source, offset, 'was expecting end of input')
  )
}

export function unexpectedCharacter(source: string, offset: number, expectation: string): string {
  return `Unexpected character ${describe(source, offset)}: ${expectation}`
}

/** Jackson's reason against a number that breaks off at an offset. */
export function brokenNumber(source: string, offset: number): string {
  const why = source[offset - 1] === '.' ? 'Decimal point' : 'Exponent indicator'
  return `Unexpected character ${describe(source, offset)} in numeric value: ${why} not followed by a digit`
}

/** Jackson's reason against the first fault of a string, from an offset within it on. */
export function brokenString(source: string, offset: number): string {
  for (let index = offset; index < source.length; index += 1) {
    const code = source.charCodeAt(index)
    if (code < 0x20) {
      return `Illegal unquoted character ${describe(source, index)}: has to be escaped using backslash to be included in string value`
    }
    if (code !== 0x5c) continue
    index += 1
    if (source[index] === 'u') {
      const digits = /^[\da-f]*/i.exec(source.slice(index + 1, index + 5))?.[0].length ?? 0
      index += digits
      if (digits < 4) {
        return unexpectedCharacter(source, index + 1, 'expected a hex-digit for character escape sequence')
      }
    } else if (!'"\\/bfnrt'.includes(source.charAt(index))) {
      return `Unrecognized character escape ${describe(source, index).slice(1, -1)}`
    }
  }
  return 'Unexpected end-of-input in VALUE_STRING'
}

export function numberTooLong(digits: number, limit: number): string {
  return `Number value length (${digits}) exceeds the maximum allowed (${limit}, from \`StreamReadConstraints.getMaxNumberLength()\`)`
}

export function nestedTooDeep(limit: number): string {
  return `Document nesting depth (${limit + 1}) exceeds the maximum allowed (${limit})`
}

export function tooManyFields(limit: number): string {
  return `Number of fields of an object (${limit + 1}) exceeds the maximum allowed (${limit})`
}

export function tooManyContainers(limit: number): string {
  return `Number of objects and arrays (${limit + 1}) exceeds the maximum allowed (${limit})`
}

export function duplicateField(name: string): string {
  return `Duplicate field '${abbreviated(name)}'`
}

function unrecognizedToken(source: string, offset: number): string | undefined {
  const word = IDENTIFIER.exec(source.slice(offset, offset + LONGEST_WORD + 1))?.[0]
  if (word === undefined) return undefined
  const shown = word.length > LONGEST_WORD ? `${word.slice(0, LONGEST_WORD)}...` : word
  return `Unrecognized token '${shown}': was expecting ${JSON_VALUES}`
}

function characterAt(source: string, offset: number): string {
  return String.fromCodePoint(source.codePointAt(offset) ?? 0)
}

/** A character as Jackson shows it. */
function describe(source: string, offset: number): string {
  const code = source.codePointAt(offset) ?? 0
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return `((CTRL-CHAR, code ${code}))`
  const hexadecimal = code > 0xff ? ` / 0x${code.toString(16)}` : ''
  return `('${characterAt(source, offset)}' (code ${code}${hexadecimal}))`
}
