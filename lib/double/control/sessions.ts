import type { IncomingHttpHeaders } from 'node:http'
import { QueryError } from '../../core/errors'
import type { HttpDouble } from '../double'
import { NAME_OF_SESSION } from './bodies'
import { judged } from './judged'
import type { Tokens } from './tokens'
import { tokensOf } from './tokens'

/** A double costs some memory, and a test that makes up a name for each request would never end. */
const MAX_SESSIONS = 1_000

/** The session of requests that name none. */
const DEFAULT = 'default'

/** A double for each session, in one process: scripts, clock and journal apart. */
export class Sessions {
  readonly #create: () => HttpDouble
  readonly #doubles = new Map<string, HttpDouble>()
  /** Sessions by the `Authorization` of their users. */
  readonly #users = new Map<string, string>()

  constructor(create: () => HttpDouble) {
    this.#create = create
    this.#doubles.set(DEFAULT, create())
  }

  get names(): string[] {
    return [...this.#doubles.keys()]
  }

  /** The session that a request names, or whose user it has. */
  nameFor({ 'x-double-session': named, authorization = '' }: IncomingHttpHeaders): string {
    if (named === undefined) return this.#users.get(authorization) ?? DEFAULT
    return judged(() => NAME_OF_SESSION.read(String(named), 'the header X-Double-Session'))
  }

  /** The double of a session, which begins with its first request. */
  find(name: string): HttpDouble {
    const known = this.#doubles.get(name)
    if (known) return known
    if (this.#doubles.size >= MAX_SESSIONS) {
      throw new QueryError(
        'illegal_argument_exception',
        `there are ${MAX_SESSIONS} sessions; DELETE /__double/sessions/{name} ends one`,
      )
    }
    const double = this.#create()
    this.#doubles.set(name, double)
    return double
  }

  /** Begins a session, unless it has begun, and makes these its users. Returns tokens that are of it as well. */
  begin(name: string, users: readonly string[]): Tokens {
    this.find(name)
    const tokens = tokensOf(name)
    const own = Object.values(tokens).map((token) => `Bearer ${token}`)
    for (const user of [...own, ...users]) this.#users.set(user, name)
    return tokens
  }

  /** Ends a session with all that it knows. */
  async end(name: string): Promise<void> {
    const double = this.#doubles.get(name)
    if (!double) throw new QueryError('resource_not_found_exception', `there is no session [${name}]`)
    if (name === DEFAULT) {
      throw new QueryError('illegal_argument_exception', 'the session [default] does not end; reset it')
    }
    this.#doubles.delete(name)
    for (const [user, session] of this.#users) if (session === name) this.#users.delete(user)
    await double.close()
  }

  async close(): Promise<void> {
    await Promise.all([...this.#doubles.values()].map((double) => double.close()))
  }
}
