import { isObject } from '../core/is-object'
import type { Value, ValueObject } from '../core/result'
import { parseJson } from '../json/parse'

/** One request, as it is sent. */
export interface Request {
  method: string
  url: URL
  headers: Readonly<Record<string, string>>
  body: string | undefined
}

/** What is wrong with a server. It knows the request that shows it. */
export class Breach extends Error {
  override readonly name = 'Breach'
  readonly request: Request | undefined
  /** The answer, in one line. */
  readonly got: string | undefined

  constructor(message: string, request?: Request, got?: string) {
    super(message)
    this.request = request
    this.got = got
  }
}

/** Why a check cannot be asked. */
export class Skip extends Error {
  override readonly name = 'Skip'
}

/** How much of a body a failure shows, in characters. */
const SHOWN_LENGTH = 400

/** An answer, with the assertions that checks make about it. Each throws a {@link Breach}. */
export class Answer {
  readonly request: Request
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer

  constructor(request: Request, status: number, headers: Readonly<Record<string, string>>, body: Buffer) {
    this.request = request
    this.status = status
    this.headers = headers
    this.body = body
  }

  get text(): string {
    return this.body.toString('utf8')
  }

  /** The body, an object in JSON, with all digits of its integers. */
  get json(): ValueObject {
    let value: unknown
    try {
      JSON.parse(this.text)
      value = parseJson(this.text)?.value
    } catch {
      value = undefined
    }
    if (!isObject(value)) this.fail('the body is no JSON object')
    return value as ValueObject
  }

  /** The error of an envelope. */
  get error(): ValueObject {
    const { error } = this.json
    if (!isObject(error)) this.fail('the body has no object `error`')
    return error as ValueObject
  }

  /** The id, wherever it stands. */
  get id(): string | undefined {
    const header = this.headers['x-elasticsearch-async-id']
    if (header !== undefined) return header
    const [, id] = /"id"\s*:\s*"([^"]+)"/.exec(this.text.slice(0, SHOWN_LENGTH)) ?? []
    return id
  }

  /** Whether a list of running queries has one with this text. Its id may be written in another way than on submit. */
  lists(text: string): boolean {
    const { queries } = this.json
    if (!isObject(queries)) return this.fail('`queries` is no object')
    return Object.values(queries).some((query) => isObject(query) && query.query === text)
  }

  fail(message: string): never {
    const body = withoutSecret(this.text, this.request)
    const shownBody = body.length > SHOWN_LENGTH ? `${body.slice(0, SHOWN_LENGTH)}…` : body
    const got = `${this.status} ${JSON.stringify(shownBody)}`
    throw new Breach(withoutSecret(message, this.request), this.request, got)
  }

  must(condition: boolean, message: string): void {
    if (!condition) this.fail(message)
  }

  hasStatus(status: number): this {
    this.must(this.status === status, `the status is ${this.status} in place of ${status}`)
    return this
  }

  hasHeader(name: string, expected: string | RegExp): this {
    const value = this.headers[name.toLowerCase()]
    const fits = typeof expected === 'string' ? value === expected : expected.test(value ?? '')
    this.must(fits, `the header ${name} is ${shown(value)} in place of ${shown(expected)}`)
    return this
  }

  lacksHeader(name: string): this {
    const value = this.headers[name.toLowerCase()]
    this.must(value === undefined, `the header ${name} is there: ${shown(value)}`)
    return this
  }

  hasField(name: string, expected: Value): this {
    const value = this.json[name]
    this.must(sameValue(value, expected), `\`${name}\` is ${shown(value)} in place of ${shown(expected)}`)
    return this
  }

  lacksField(name: string): this {
    const value = this.json[name]
    this.must(value === undefined, `\`${name}\` is there: ${shown(value)}`)
    return this
  }

  /** The envelope has this status, type and reason. */
  hasError(status: number, type: string, reason?: string | RegExp): this {
    this.hasStatus(status)
    const { error } = this
    this.must(error.type === type, `the error type is ${shown(error.type)} in place of ${shown(type)}`)
    if (reason === undefined) return this
    const text = String(error.reason)
    const fits = typeof reason === 'string' ? text === reason : reason.test(text)
    this.must(fits, `the reason is ${shown(text)} in place of ${shown(reason)}`)
    return this
  }
}

/** A text without the token, because the server may repeat what it was sent. It may not be cut before. */
function withoutSecret(text: string, { headers: { authorization = '' } }: Request): string {
  const [, token = authorization] = /^\S+ (.+)$/.exec(authorization) ?? []
  return token === '' ? text : text.replaceAll(token, '…')
}

export function shown(value: unknown): string {
  if (value === undefined) return 'absent'
  if (value instanceof RegExp) return String(value)
  return canonical(value)
}

export function sameValue(one: unknown, other: unknown): boolean {
  return canonical(one) === canonical(other)
}

/** JSON in which integers keep their digits, however they are held. */
function canonical(value: unknown): string {
  return String(
    JSON.stringify(value, (_name, item) => (typeof item === 'bigint' ? `${item}` : integer(item))),
  )
}

function integer(value: unknown): unknown {
  return Number.isInteger(value) ? String(value) : value
}
