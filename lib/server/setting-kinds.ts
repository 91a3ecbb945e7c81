import { rules } from '../core/check-options'
import { MS_PER_UNIT, parseTimeValue } from '../core/time-value'
import { JWKS_OPTIONS } from '../jwt/jwks/options'
import { JWT_CALLER_OPTIONS } from '../jwt/options'
import { PRODUCT_INFO_OPTIONS } from '../router/info/options'
import { ROUTER_OPTIONS } from '../router/options'
import { ELASTICSEARCH_STORE_OPTIONS } from '../stores/elasticsearch/options'
import { MEMORY_STORE_OPTIONS } from '../stores/memory/options'
import { POSTGRES_STORE_OPTIONS } from '../stores/postgres/options'

export const OPTION_TABLES = {
  router: ROUTER_OPTIONS,
  info: PRODUCT_INFO_OPTIONS,
  memory: MEMORY_STORE_OPTIONS,
  postgres: POSTGRES_STORE_OPTIONS,
  elasticsearch: ELASTICSEARCH_STORE_OPTIONS,
  jwt: JWT_CALLER_OPTIONS,
  jwks: JWKS_OPTIONS,
} as const

export type Part = keyof typeof OPTION_TABLES

type OptionPath = { [P in Part]: `${P}.${keyof (typeof OPTION_TABLES)[P] & string}` }[Part]

/** A value of the standalone server, from an environment variable or a flag. */
export interface Setting<T> {
  /** Of the variable, without its prefix. The flag has the same name, in lower case with dashes. */
  name: string
  /** What a value is, in a word. */
  placeholder: string
  about: string
  expected: string
  /** Returns `undefined` for a text that is not as expected. */
  parse: (text: string) => T | undefined
  /** Writes a value as {@link parse} reads it. Left out, `String` does. */
  show?(value: T): string
  /** The option of the package that gets the value. The setting has its default. */
  option?: OptionPath
  /** The option that is made from the value, perhaps with other settings. */
  feeds?: OptionPath
  /** Of a setting without an option. */
  default?: T
  defaultInWords?: string
  /** Comes from the environment only, since everybody on a machine can read the flags of a process. */
  isSecret?: boolean
  mayHoldSecret?: boolean
  /** A variable that platforms set for programs of all kinds. It counts where ours is not given. */
  alias?: string
}

export const NON_EMPTY = {
  placeholder: 'TEXT',
  expected: 'a text that is not empty',
  parse: (text: string) => text,
}

export const TIME = {
  placeholder: 'TIME',
  expected: 'a time value such as 500ms, 30s or 5d',
  parse: (text: string) => parseTime(text),
  show: showTime,
}

export const COUNT = {
  placeholder: 'NUMBER',
  expected: 'a whole number above 0',
  parse: (text: string) => (/^[1-9]\d{0,15}$/.test(text) ? Number(text) : undefined),
}

export const COUNT_OR_NONE = {
  placeholder: 'NUMBER',
  expected: 'a whole number, 0 or more',
  parse: (text: string) => (text === '0' ? 0 : COUNT.parse(text)),
}

export const PORT = {
  placeholder: 'NUMBER',
  expected: rules.port.expected,
  parse: (text: string) =>
    /^\d{1,5}$/.test(text) && rules.port.fits(Number(text)) ? Number(text) : undefined,
}

export const PLAIN_URL = {
  placeholder: 'URL',
  expected: 'an http or https URL such as https://es.example:9200, without credentials and query',
  parse: (text: string) => parseUrl(text),
}

export const FILE = { placeholder: 'FILE', expected: 'the path of a file', parse: (text: string) => text }

export const BOOLEAN = {
  placeholder: 'BOOLEAN',
  expected: 'true or false',
  parse: (text: string) => (text === 'true' ? true : text === 'false' ? false : undefined),
}

export function wordOf<const Word extends string>(...words: readonly Word[]) {
  return {
    placeholder: 'WORD',
    expected: `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`,
    parse: (text: string) => words.find((word) => word === text),
  }
}

export const LIST = {
  placeholder: 'LIST',
  expected: 'a comma-separated list',
  parse: parseList,
}

function parseList(text: string): string[] | undefined {
  const items = text.split(',').map((item) => item.trim())
  return items.includes('') ? undefined : items
}

export function parseUrl(text: string, { withQuery = false } = {}): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const { protocol = '', username, password, search, hash } = url ?? {}
  const isPlain = [username, password, withQuery ? '' : search, hash].every((part) => part === '')
  return isPlain && /^https?:$/.test(protocol) ? url : undefined
}

/** In milliseconds, unless `msPerUnit` says otherwise. */
export function parseTime(text: string, { msPerUnit = 1, leastMs = 1 } = {}): number | undefined {
  try {
    const ms = parseTimeValue('', text)
    return ms >= leastMs ? ms / msPerUnit : undefined
  } catch {
    return undefined
  }
}

/** In the largest unit that makes a whole number. */
export function showTime(ms: number): string {
  if (ms === Number.POSITIVE_INFINITY) return 'no limit'
  const unit = (['h', 'm', 's'] as const).find((larger) => ms % MS_PER_UNIT[larger] === 0) ?? 'ms'
  return `${ms / MS_PER_UNIT[unit]}${unit}`
}

export function parseClaim(text: string): { claim: string; value: string } | undefined {
  const [, claim, value] = /^([^=]+)=(.+)$/.exec(text) ?? []
  return claim !== undefined && value !== undefined ? { claim, value } : undefined
}

/** `*`, a regular expression between slashes for the whole origin, or a list of origins as browsers send them. */
export function parseOrigins(text: string): '*' | string[] | RegExp | undefined {
  if (text === '*') return text
  const [, pattern] = /^\/(.+)\/$/.exec(text) ?? []
  if (pattern !== undefined) return parsePattern(pattern)
  const items = parseList(text)
  return items?.every((item) => URL.canParse(item) && isOrigin(item)) ? items : undefined
}

function isOrigin(text: string): boolean {
  const { protocol, host } = new URL(text)
  return text === `${protocol}//${host}`
}

function parsePattern(text: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${text})$`)
  } catch {
    return undefined
  }
}
