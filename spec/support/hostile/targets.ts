import fc from 'fast-check'
import { FORMATS } from '../../../lib/formats/formats'

/** Ids that exist when a request is sent. Until then, targets contain their names. */
export const ID_NAMES = ['finished', 'running', 'failed', 'foreign', 'unknown'] as const
export type IdName = (typeof ID_NAMES)[number]
export type Ids = Readonly<Record<IdName, string>>

export function fillIn(target: string, ids: Ids): string {
  return target.replace(/<(\w+)>/g, (text, name: string) => ids[name as IdName] ?? text)
}

/** Names that an object inherits from its prototype, or that replace its prototype. */
export const PROTOTYPE_NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__defineGetter__',
  'then',
]

/** Escapes that decoders have read wrongly: NUL, separators, overlong UTF-8, surrogates, twice encoded, broken. */
const ESCAPES = [
  '%00',
  '%2F',
  '%2f%2e%2e%2f',
  '%2e%2e',
  '%5c',
  '%25',
  '%252F',
  '%2500',
  '%c0%af',
  '%e0%80%af',
  '%f0%80%80%af',
  '%c0%80',
  '%ED%A0%80',
  '%ed%b0%80',
  '%ed%a0%bd%ed%b8%80',
  '%ff',
  '%fe%ff',
  '%f8%88%80%80%80',
  '%E2%82',
  '%ef%bb%bf',
  '%e2%80%ae',
  '%0d%0a',
  '%0D%0aX-Injected:%201',
  '%u0041',
  '%',
  '%4',
  '%zz',
  '%%30%30',
  '+',
  '%2B',
  '%3D',
  '%20',
  '%7F',
  '%23',
  '%3F',
]

/** The characters that Node.js accepts in a target. */
const VISIBLE = Array.from({ length: 0x7e - 0x21 + 1 }, (_, at) => String.fromCharCode(0x21 + at))

const visible = fc.string({ unit: fc.constantFrom(...VISIBLE), maxLength: 30 })
const escaped = fc.array(fc.constantFrom(...ESCAPES, 'a', '=', '/', '.'), { maxLength: 8 }).map(join)
const anyBytes = fc
  .uint8Array({ maxLength: 12 })
  .map((bytes) => Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''))
const long = fc
  .tuple(fc.constantFrom('a', '/', '%41', '=', '.', '%', ';', '&'), fc.integer({ min: 1, max: 1_600 }))
  .map(([unit, count]) => unit.repeat(count))

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  visible,
  escaped,
  anyBytes,
  { arbitrary: long, weight: 1 },
  fc.constantFrom(...PROTOTYPE_NAMES),
  fc.string({ maxLength: 8 }).map(encodeURIComponent),
)

const goodId: fc.Arbitrary<string> = fc.constantFrom(...ID_NAMES).map((name) => `<${name}>`)

const id: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: goodId, weight: 30 },
  { arbitrary: fc.tuple(goodId, hostileText).map(join), weight: 1 },
  { arbitrary: fc.tuple(hostileText, goodId).map(join), weight: 1 },
  { arbitrary: hostileText, weight: 3 },
  { arbitrary: fc.constantFrom('', '.', '..', 'stop', '*', '/', '<unknown>==', '<unknown>%3D'), weight: 1 },
)

const slashes = fc.constantFrom('', '', '', '', '/', '//')

/** Method and path of each operation, most of them on ids that exist. */
const operation: fc.Arbitrary<MethodAndPath> = fc.oneof(
  { arbitrary: fc.constant<MethodAndPath>(['POST', '/_query/async']), weight: 3 },
  fc.tuple(
    fc.constant('GET'),
    id.map((text) => `/_query/async/${text}`),
  ),
  fc.tuple(
    fc.constant('HEAD'),
    id.map((text) => `/_query/async/${text}`),
  ),
  fc.tuple(
    fc.constant('DELETE'),
    id.map((text) => `/_query/async/${text}`),
  ),
  fc.tuple(
    fc.constant('POST'),
    id.map((text) => `/_query/async/${text}/stop`),
  ),
)

const METHODS = ['PUT', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'M-SEARCH', 'PURGE', 'QUERY', 'GET', 'HEAD']

const otherPath = fc.oneof(
  hostileText.map((text) => `/${text}`),
  hostileText.map((text) => `/_query/async${text}`),
  hostileText.map((text) => `/_query/async/<finished>/stop/${text}`),
  fc.constantFrom(
    '*',
    '//',
    '/_query',
    '/%5fquery/async',
    '/_query/%61sync',
    '/_query/async#',
    '/_query/async/#/stop',
  ),
  fc
    .constantFrom('http://x', 'http://[', 'http://[::1', 'http://a@b:c', 'x://', '//[')
    .map((origin) => `${origin}/_query/async/<finished>`),
)

export type MethodAndPath = [method: string, path: string]

export const methodAndPath: fc.Arbitrary<MethodAndPath> = fc.oneof(
  {
    arbitrary: fc
      .tuple(operation, slashes)
      .map(([[method, path], end]): MethodAndPath => [method, path + end]),
    weight: 16,
  },
  {
    arbitrary: fc
      .tuple(fc.constantFrom(...METHODS), operation)
      .map(([method, [, path]]): MethodAndPath => [method, path]),
    weight: 2,
  },
  { arbitrary: fc.tuple(fc.constantFrom(...METHODS), otherPath), weight: 1 },
)

const GOOD_TIMES = ['0', '-1', '1ms', '5d', '1nanos', '9223372036854775807d']
const TIMES = [
  ...GOOD_TIMES,
  '9223372036854775808d',
  '1e9999s',
  '-9223372036854775808ms',
  '1.5h',
  'NaN',
  'Infinity',
  '0x10s',
  '5M',
  '+1s',
  '%201s%20',
  `${'9'.repeat(400)}s`,
  '١s',
].map((text) => (/^[!-~]+$/.test(text) ? text : encodeURIComponent(text)))
const FLAGS = ['', 'true', 'false', '%20', 'TRUE', '1', 'null']
const FORMAT_NAMES = [...FORMATS, 'CSV', '', 'vnd_json', '__proto__', 'xml']
const PATHS = [
  '*',
  '**',
  '-*',
  'columns',
  'values',
  'id,is_running',
  '**.**.**.**.**.**.**.**.name',
  '*a*b*c*d*e*f*g*h*i*j*k*',
  '-**.name',
  '__proto__.constructor',
  ',',
  '.',
  '',
  '%2A%2A',
  'error.**',
]

/** Valid and invalid values of each known parameter. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  wait_for_completion_timeout: TIMES,
  keep_alive: TIMES,
  format: FORMAT_NAMES,
  filter_path: PATHS,
  delimiter: ['%09', ';', ',', '%00', '"', '%0a', 'ab', '', '%F0%9F%98%80', '%ff', '%C2%A0'],
  drop_null_columns: FLAGS,
  pretty: FLAGS,
  human: FLAGS,
  error_trace: FLAGS,
  allow_partial_results: FLAGS,
  id: ['x', '<foreign>', ''],
  source: ['%7B%22query%22%3A%22x%22%7D', '%7B', '', '%ff', '[]'],
  source_content_type: ['application/json', 'text/plain', '', 'application/json;charset=%ff'],
}
const NAMES = Object.keys(VALUES)

const known = fc
  .constantFrom(...NAMES)
  .chain((name) => fc.constantFrom(...(VALUES[name] ?? [])).map((value) => `${name}=${value}`))
const presentation = fc.constantFrom(
  ...['json', 'csv', 'tsv', 'txt', 'md', 'yaml', 'cbor', 'smile', 'arrow'].map((name) => `format=${name}`),
  ...['pretty', 'human', 'drop_null_columns', 'error_trace'],
  ...['filter_path=columns', 'filter_path=**.name', 'filter_path=-id', 'filter_path=error.**'],
)
const waiting = fc
  .tuple(fc.constantFrom('wait_for_completion_timeout', 'keep_alive'), fc.constantFrom(...GOOD_TIMES))
  .map((pair) => pair.join('='))
const stray = fc.oneof(
  fc.tuple(fc.constantFrom(...NAMES, ...PROTOTYPE_NAMES), hostileText).map((pair) => pair.join('=')),
  fc.tuple(hostileText, hostileText).map((pair) => pair.join('=')),
  fc.constantFrom(
    'keep_alive[a]=b',
    'keep_alive[]=1d',
    'a[__proto__][b]=c',
    'format[0]=csv&format[1]=json',
    '__proto__[polluted]=1',
    'constructor[prototype][polluted]=1',
    'operatorRequest=1',
    'serverlessrequest',
    '=',
    '=&=',
    '?',
    '??a',
    '&;&',
    '#',
  ),
)

/** A query string with its question mark, or nothing. Many query strings are valid for the operation. */
export function queryString(method: string): fc.Arbitrary<string> {
  const useful = method === 'GET' || method === 'HEAD' ? fc.oneof(presentation, waiting) : presentation
  return fc.oneof(
    { arbitrary: fc.constant(''), weight: method === 'DELETE' ? 9 : 4 },
    { arbitrary: list(useful, 2), weight: 6 },
    { arbitrary: list(known, 3), weight: 2 },
    { arbitrary: list(fc.oneof(known, stray), 4), weight: 2 },
  )
}

function list(pair: fc.Arbitrary<string>, maxLength: number): fc.Arbitrary<string> {
  return fc
    .tuple(fc.array(pair, { minLength: 1, maxLength }), fc.constantFrom('&', '&', ';', '&&'))
    .map(([pairs, separator]) => `?${pairs.join(separator)}`)
}

function join(texts: readonly string[]): string {
  return texts.join('')
}
