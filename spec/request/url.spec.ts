import fc from 'fast-check'
import { isQueryError } from '../../lib/core/errors'
import { decodePathSegment, parseQueryString, splitQueryString } from '../../lib/request/url'
import { anyCharacter } from '../support/any-character'

describe('parseQueryString', () => {
  it.each([
    ['', {}],
    ['a=1&b=2', { a: '1', b: '2' }],
    ['a=1;b=2', { a: '1', b: '2' }],
    ['&&a=1&', { a: '1' }],
    ['pretty', { pretty: '' }],
    ['a=', { a: '' }],
    ['a=1&a=2', { a: '2' }],
    ['a=b=c', { a: 'b=c' }],
    ['a+b=c+d', { 'a b': 'c d' }],
    ['a=%2B%3D%26', { a: '+=&' }],
    ['a=%e2%82%ac', { a: '€' }],
    ['a=%ff', { a: '\ufffd' }],
    ['__proto__=x', { ['__proto__']: 'x' }],
  ])('reads %j', (text, parameters) => {
    expect({ ...parseQueryString(text) }).toEqual(parameters)
  })

  it.each([
    ['a=%', 'unterminated escape sequence at end of string: %'],
    ['a=x%2', 'partial escape sequence at end of string: x%2'],
    ['a=x%zz', "invalid escape sequence `%zz' at index 1 of: x%zz"],
    ['%=1', 'unterminated escape sequence at end of string: %'],
    ['serverlessRequest=true', 'parameter [serverlessRequest] is reserved and may not be set'],
    ['OPERATORREQUEST', 'parameter [OPERATORREQUEST] is reserved and may not be set'],
  ])('refuses %j', (text, reason) => {
    expect(() => parseQueryString(text)).toThrow(
      expect.objectContaining({
        type: 'bad_parameter_exception',
        status: 400,
        reason: `java.lang.IllegalArgumentException: ${reason}`,
        causedBy: { type: 'illegal_argument_exception', reason },
      }),
    )
  })

  it('reads or refuses every text, and throws no other error', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), (text) => {
        try {
          parseQueryString(text)
        } catch (error) {
          expect(isQueryError(error)).toBe(true)
        }
      }),
    )
  })

  it('decodes what encodeURIComponent encodes', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), (name, value) => {
        fc.pre(!/^(serverless|operator)Request$/i.test(name))
        const text = `${encodeURIComponent(name)}=${encodeURIComponent(value)}`
        expect(parseQueryString(text)[name]).toBe(value)
      }),
    )
  })
})

describe('splitQueryString', () => {
  it.each([
    ['', []],
    [
      'a=1&b;a=%32&&+=',
      [
        ['a', 'a=1'],
        ['b', 'b'],
        ['a', 'a=%32'],
        [' ', '+='],
      ],
    ],
    ['%77ait=1s', [['wait', '%77ait=1s']]],
    ['a=%ff%E2', [['a', 'a=%ff%E2']]],
    ['a=€\ud800 ', [['a', 'a=%E2%82%AC%EF%BF%BD%20']]],
  ])('keeps the spelling of %j', (text, sent) => {
    expect(splitQueryString(text).map((parameter) => [parameter.name, parameter.text])).toEqual(sent)
  })

  it('gives text that reads the same again', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), (text) => {
        fc.pre(text.isWellFormed() && isReadable(text))
        const again = splitQueryString(text)
          .map((parameter) => parameter.text)
          .join('&')
        expect(parseQueryString(again)).toEqual(parseQueryString(text))
      }),
    )
  })
})

function isReadable(text: string): boolean {
  try {
    parseQueryString(text)
    return true
  } catch {
    return false
  }
}

describe('decodePathSegment', () => {
  it.each([
    ['Fkp%3D%3d', 'Fkp=='],
    ['a%2Fb', 'a/b'],
    ['a+b', 'a+b'],
    ['%zz', undefined],
    ['%2', undefined],
  ])('decodes %j', (text, decoded) => {
    expect(decodePathSegment(text)).toBe(decoded)
  })
})
