import fc from 'fast-check'
import { isQueryError, RoutingError } from '../../lib/core/errors'
import type { MediaTypeHeaders } from '../../lib/request/media-type'
import { checkBodyMediaType, checkMediaTypeHeaders, jsonLabelOf } from '../../lib/request/media-type'
import { errorMediaType } from '../../lib/request/negotiation'
import { anyCharacter } from '../support/any-character'

const VENDOR = 'application/vnd.elasticsearch+json'

interface Sent {
  accept?: string | string[]
  contentType?: string | string[]
  hasBody?: boolean
}

function check({ accept = [], contentType = [], hasBody = false }: Sent): MediaTypeHeaders {
  return checkMediaTypeHeaders({ accept: [accept].flat(), contentType: [contentType].flat(), hasBody })
}

/** What a refusal says to the client. */
function refusal(sent: Sent): unknown {
  const error = thrownBy(() => check(sent))
  if (!isQueryError(error)) throw error
  const { type, status, reason, causedBy } = error
  return { type, status, reason, causedBy }
}

function thrownBy(action: () => void): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

function parsed(header: string): [type: string, ...parameters: [string, string][]] | undefined {
  const { accept } = check({ accept: header })
  return accept && [accept.type, ...accept.parameters]
}

describe('checkMediaTypeHeaders', () => {
  it.each<[string, ReturnType<typeof parsed>]>([
    ['application/json', ['application/json']],
    ['APPLICATION/JSON', ['application/json']],
    [' application / json ', ['application/json']],
    ['application/json; charset=utf-8', ['application/json', ['charset', 'utf-8']]],
    ['application/json;charset=UTF-8', ['application/json', ['charset', 'utf-8']]],
    ['application/json ;\tcharset=UTF-8 ; a=b', ['application/json', ['charset', 'utf-8'], ['a', 'b']]],
    ['application/json; a=b c', ['application/json', ['a', 'b c']]],
    ['application/json; 2=b; 1=a', ['application/json', ['2', 'b'], ['1', 'a']]],
    ['application/json; a=1; b=2; A=3', ['application/json', ['a', '3'], ['b', '2']]],
    ['application/json; __proto__=1', ['application/json', ['__proto__', '1']]],
    ['application/json; a=b=', ['application/json', ['a', 'b']]],
    ['application/json;', ['application/json']],
    ['application/json;;; ;', ['application/json']],
    ['application/json;; a=b', ['application/json', ['a', 'b']]],
    [`${VENDOR}; compatible-with=9`, [VENDOR, ['compatible-with', '9']]],
    [`${VENDOR};compatible-with=8`, [VENDOR, ['compatible-with', '8']]],
    ['application/*', ['application/*']],
    ['*/*;q=0.8', ['*/*', ['q', '0.8']]],
    ['text/garbage', ['text/garbage']],
    ["a!#$%&'*+-.^_`|~9/b", ["a!#$%&'*+-.^_`|~9/b"]],
  ])('reads %j', (header, expected) => {
    expect(parsed(header)).toEqual(expected)
  })

  it.each([
    ['*/*'],
    ['application/json, text/plain, */*'],
    [`${VENDOR}; compatible-with=9,text/plain`],
    [`${VENDOR}; compatible-with=7,text/plain`],
    ['text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'],
    ['garbage,'],
  ])('treats %j as not sent, and keeps its text', (header) => {
    expect(check({ accept: header, contentType: header, hasBody: true })).toEqual({
      accept: undefined,
      contentType: undefined,
      rawAccept: header,
      rawContentType: header,
    })
  })

  it('returns both headers, and undefined for an absent one', () => {
    const mediaType = { type: 'application/yaml', parameters: new Map() }
    expect(check({ contentType: 'application/YAML' })).toEqual({
      accept: undefined,
      contentType: mediaType,
      rawAccept: undefined,
      rawContentType: 'application/YAML',
    })
    expect(check({ accept: 'application/yaml;' })).toEqual({
      accept: mediaType,
      contentType: undefined,
      rawAccept: 'application/yaml;',
      rawContentType: undefined,
    })
  })

  it.each([
    ['json', 'invalid media-type [json]'],
    ['application/json/x', 'invalid media-type [application/json/x]'],
    ['/json', 'invalid media-type [/json]'],
    ['application/', 'invalid media-type [application/]'],
    ['APPLICATION/js on; a=b', 'invalid media-type [APPLICATION/js on; a=b]'],
    ['application/"json"', 'invalid media-type [application/"json"]'],
    ['application/jsön', 'invalid media-type [application/jsön]'],
    ['application/js[on]', 'invalid media-type [application/js[on]]'],
    [';', 'invalid media-type [;]'],
    ['; a=b', 'invalid media-type [; a=b]'],
    ['', 'Header [Accept] cannot be empty.'],
    [' \t ', 'Header [Accept] cannot be empty.'],
    ['application/json; charset', 'invalid parameters for header [application/json; charset]'],
    ['application/json; a=', 'invalid parameters for header [application/json; a=]'],
    ['application/json; =b', 'invalid parameters for header [application/json; =b]'],
    ['application/json; =', 'invalid parameters for header [application/json; =]'],
    ['application/json; a=b=c', 'invalid parameters for header [application/json; a=b=c]'],
    ['application/json; a==b', 'invalid parameters for header [application/json; a==b]'],
    ['application/json; a =b', 'invalid parameters for header [application/json; a =b]'],
    ['application/json; a= b', 'invalid parameters for header [application/json; a= b]'],
    ['application/json; a=b; c', 'invalid parameters for header [application/json; a=b; c]'],
    [['application/json', 'text/csv'], 'Incorrect header [Accept]. Only one value should be provided'],
    [['*/*', '*/*'], 'Incorrect header [Accept]. Only one value should be provided'],
  ])('refuses Accept %j', (accept, reason) => {
    expect(refusal({ accept })).toEqual({
      type: 'media_type_header_exception',
      status: 400,
      reason: 'Invalid media-type value on headers [Accept]',
      causedBy: { type: 'illegal_argument_exception', reason },
    })
  })

  it.each([
    ['json', 'invalid media-type [json]'],
    ['', 'Header [Content-Type] cannot be empty.'],
    ['application/json; a', 'invalid parameters for header [application/json; a]'],
    [['text/csv', 'text/csv'], 'Incorrect header [Content-Type]. Only one value should be provided'],
  ])('refuses Content-Type %j, even without a body', (contentType, reason) => {
    expect(refusal({ contentType })).toEqual({
      type: 'media_type_header_exception',
      status: 400,
      reason: 'Invalid media-type value on headers [Content-Type]',
      causedBy: { type: 'illegal_argument_exception', reason },
    })
  })

  it('checks Accept first', () => {
    expect(refusal({ accept: 'a', contentType: 'b' })).toMatchObject({
      reason: 'Invalid media-type value on headers [Accept]',
    })
  })

  const V7 = `${VENDOR}; compatible-with=7`
  const V8 = `${VENDOR}; compatible-with=8`
  const V9 = `${VENDOR}; compatible-with=9`
  const V9_LIST = `${V9},text/plain`

  it.each<[string, Sent]>([
    ['both current, with a body', { accept: V9, contentType: V9, hasBody: true }],
    ['both previous, with a body', { accept: V8, contentType: V8, hasBody: true }],
    [
      'the same version of different types',
      { accept: 'text/x;compatible-with=9', contentType: V9, hasBody: true },
    ],
    [
      'the same version, written differently',
      { accept: V9, contentType: 'a/b;compatible-with=09', hasBody: true },
    ],
    ['neither versioned', { accept: 'application/json', contentType: 'application/cbor', hasBody: true }],
    ['a body and no headers', { hasBody: true }],
    ['Accept alone, without a body', { accept: V8 }],
    ['Content-Type alone, without a body', { contentType: V9 }],
    ['different versions, without a body', { accept: V9, contentType: V8 }],
    ['an unknown version of Content-Type, without a body', { accept: V9, contentType: V7 }],
    ['a list and a version of Content-Type, without a body', { accept: V9_LIST, contentType: V9 }],
  ])('accepts the compatible versions of %s', (_, sent) => {
    expect(() => check(sent)).not.toThrow()
  })

  const REQUIRED =
    'A compatible version is required on both Content-Type and Accept headers if either one has requested a compatible version'

  it.each<[string, Sent, string]>([
    [
      'an older version of Accept',
      { accept: V7 },
      `Accept version must be either version 9 or 8, but found 7. Accept=${V7}`,
    ],
    [
      'a newer version of Accept, whatever the type',
      { accept: 'Text/X; Compatible-With=10', contentType: V7, hasBody: true },
      'Accept version must be either version 9 or 8, but found 10. Accept=Text/X; Compatible-With=10',
    ],
    [
      'a version of Accept that is no number',
      { accept: 'a/b;compatible-with=x9' },
      'Accept version must be either version 9 or 8, but found x9. Accept=a/b;compatible-with=x9',
    ],
    [
      'a version of Accept that is no whole number in decimal digits',
      { accept: 'a/b;compatible-with=0x9' },
      'Accept version must be either version 9 or 8, but found 0x9. Accept=a/b;compatible-with=0x9',
    ],
    [
      'an older version of Content-Type',
      { accept: V8, contentType: V7, hasBody: true },
      `Content-Type version must be either version 9 or 8, but found 7. Content-Type=${V7}`,
    ],
    [
      'different versions',
      { accept: V8, contentType: V9, hasBody: true },
      `${REQUIRED} and the compatible versions must match. Accept=${V8}, Content-Type=${V9}`,
    ],
    [
      'the previous version in Accept only',
      { accept: V8, contentType: 'application/json', hasBody: true },
      `${REQUIRED} and the compatible versions must match. Accept=${V8}, Content-Type=application/json`,
    ],
    [
      'the previous version in Content-Type only',
      { contentType: V8, hasBody: true },
      `${REQUIRED} and the compatible versions must match. Accept=null, Content-Type=${V8}`,
    ],
    [
      'the current version in Accept only',
      { accept: V9, contentType: 'application/json', hasBody: true },
      `${REQUIRED}. Accept=${V9}, Content-Type=application/json`,
    ],
    [
      'the current version in Content-Type only',
      { accept: 'application/json', contentType: V9, hasBody: true },
      `${REQUIRED}. Accept=application/json, Content-Type=${V9}`,
    ],
    [
      'the current version in Content-Type, with an Accept that counts as not sent',
      { accept: V9_LIST, contentType: V9, hasBody: true },
      `${REQUIRED}. Accept=null, Content-Type=${V9}`,
    ],
  ])('refuses %s', (_, sent, reason) => {
    expect(refusal(sent)).toEqual({
      type: 'media_type_header_exception',
      status: 400,
      reason: 'Invalid media-type value on headers [Accept, Content-Type]',
      causedBy: { type: 'status_exception', reason },
    })
  })

  const headers = fc.oneof(
    fc.string({ unit: anyCharacter }),
    fc.string({ unit: fc.constantFrom(...'/;=,* \tab9"') }),
    fc.string({ unit: fc.constantFrom(...'=; ab') }).map((tail) => `a/b;${tail}`),
    fc
      .tuple(fc.constantFrom('', '0', '-', 'x'), fc.integer())
      .map(([p, n]) => `${VENDOR};compatible-with=${p}${n}`),
  )

  it('parses any value, or throws a media_type_header_exception', () => {
    const isMediaType = (type: string): boolean => /^[^\s;,A-Z/]+\/[^\s;,A-Z/]+$/.test(type)
    fc.assert(
      fc.property(headers, headers, fc.boolean(), (accept, contentType, hasBody) => {
        try {
          const found = check({ accept, contentType, hasBody })
          for (const mediaType of [found.accept, found.contentType]) {
            expect(mediaType === undefined || isMediaType(mediaType.type)).toBe(true)
          }
        } catch (error) {
          expect(isQueryError(error) && error.type).toBe('media_type_header_exception')
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it.each(['/', ';', '=', ' ', '\t', 'a', ';a=b', ';a', '; =', ' ;', '/ ', '*'])(
    'takes linear time for a megabyte of %j',
    (part) => {
      const filler = part.repeat(1_000_000 / part.length)
      const started = process.cpuUsage()
      for (const header of [filler, `a/b${filler}`, `a/b;${filler}`, `a/b;a${filler}`, `a/b;a=b${filler}x`]) {
        try {
          check({ accept: header })
        } catch (error) {
          expect(isQueryError(error) && error.type).toBe('media_type_header_exception')
        }
      }
      // Quadratic time takes hours.
      const { user } = process.cpuUsage(started)
      expect(user).toBeLessThan(60_000_000)
    },
  )

  it('quotes only the beginning of a huge header', () => {
    const header = 'x'.repeat(10_000)
    expect(refusal({ accept: header })).toMatchObject({
      causedBy: { reason: `invalid media-type [${'x'.repeat(1_000)}...]` },
    })
  })
})

describe('checkMediaTypeHeaders, where another server judges them', () => {
  const lenient = (accept: string[], contentType: string[], hasBody = false) =>
    checkMediaTypeHeaders({ accept, contentType, hasBody, isLenient: true })

  it('takes a header that it cannot read for missing, and keeps its text', () => {
    expect(lenient(['nonsense'], [''])).toEqual({
      accept: undefined,
      contentType: undefined,
      rawAccept: 'nonsense',
      rawContentType: '',
    })
  })

  it('refuses no version', () => {
    const future = 'application/vnd.elasticsearch+json;compatible-with=12'
    expect(lenient([future], ['application/json'], true)).toMatchObject({ rawAccept: future })
  })

  it.each([
    [['a/b', 'a/b'], [], false],
    [[], ['a/b', 'a/b'], false],
    [[], ['nonsense'], true],
  ])('refuses what cannot be handed on, and the label of a body: %j %j', (accept, contentType, hasBody) => {
    expect(() => lenient(accept, contentType, hasBody)).toThrow(
      expect.objectContaining({ type: 'media_type_header_exception' }),
    )
  })
})

describe('jsonLabelOf', () => {
  it.each([
    ['application/yaml', true, { contentType: 'application/json', format: 'yaml' }],
    ['application/cbor', false, { contentType: 'application/json' }],
    [
      'Application/Smile; charset=utf-8',
      true,
      { contentType: 'application/json; charset=utf-8', format: 'smile' },
    ],
    [
      'application/vnd.elasticsearch+cbor;compatible-with=9',
      true,
      { contentType: 'application/vnd.elasticsearch+json;compatible-with=9', format: 'vnd_cbor' },
    ],
  ])('labels what was %s as JSON', (type, isFormatOpen, label) => {
    expect(jsonLabelOf(type, isFormatOpen)).toEqual(label)
  })
})

describe('checkBodyMediaType', () => {
  const JSON_TYPES = [
    'application/json',
    'application/x-ndjson',
    'application/*',
    VENDOR,
    'application/vnd.elasticsearch+x-ndjson',
  ]

  it.each([
    ...JSON_TYPES,
    'Application/JSON; charset=utf-8',
    'application/json;charset=UTF-8',
    `${VENDOR}; compatible-with=9`,
  ])('accepts %j', (contentType) => {
    expect(() => checkBodyMediaType(check({ contentType }))).not.toThrow()
  })

  it.each(JSON_TYPES)('gives JSON as the format of errors for %j', (contentType) => {
    expect(errorMediaType(check({ contentType })).format).toBe('json')
  })

  it.each([
    'text/plain',
    'Text/Plain;charset=UTF-8',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=--x',
    'application/jsonp',
    'application/yml',
    'text/yaml',
    'text/json',
    '*/*',
    'application/json, application/json',
  ])('answers 406 to %j', (contentType) => {
    const error = thrownBy(() => checkBodyMediaType(check({ contentType })))
    expect(error).toEqual(new RoutingError(406, `Content-Type header [${contentType}] is not supported`))
  })

  it.each([
    ['application/json', 'json'],
    ['application/yaml', 'yaml'],
    ['Application/CBOR', 'cbor'],
    ['application/smile', 'smile'],
    ['application/vnd.elasticsearch+yaml; compatible-with=9', 'yaml'],
    ['application/vnd.elasticsearch+cbor;compatible-with=9', 'cbor'],
    ['application/vnd.elasticsearch+smile', 'smile'],
  ])('tells that %j is %s', (contentType, format) => {
    expect(checkBodyMediaType(check({ contentType }))).toBe(format)
  })

  it('answers 406 to a body without Content-Type', () => {
    const error = thrownBy(() => checkBodyMediaType(check({ accept: 'application/json' })))
    expect(error).toEqual(new RoutingError(406, 'Content-Type header is missing'))
  })
})
