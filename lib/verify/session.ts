import type { Clock } from '../core/clock'
import type { Value, ValueObject } from '../core/result'
import { timeText } from '../core/time-value'
import type { Answer, Request } from './answer'
import { Breach, Skip } from './answer'
import type { Journal } from './document/journal'
import type { Connections } from './http'
import type { ResolvedTarget } from './target'

export interface AskOptions {
  headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON, a text as it is. */
  body?: object | string
  /** @default the owner */
  as?: 'owner' | 'stranger' | 'nobody'
}

/** A query that is complete and kept. */
export interface Kept {
  id: string
  answer: Answer
  columns: readonly ValueObject[]
  values: readonly (readonly Value[])[]
}

/** Between two looks at something that takes its time, in milliseconds. */
const LOOK_AGAIN_MS = 20

/** How many others go to the server and back while a wait arrives. */
const OTHER_ROUNDS = 3

/** Queries of a check that does not delete them, because it is killed, do not stay longer than this. */
const KEEP_ALIVE = '10m'

/** One check's talk with the server. It knows which queries to delete afterwards. */
export class Session {
  readonly target: ResolvedTarget
  readonly journal: Journal
  readonly #connections: Connections
  readonly #clock: Clock
  readonly #waits = new AbortController()
  readonly #ids = new Set<string>()
  readonly #submits = new Set<Promise<unknown>>()

  constructor(
    target: ResolvedTarget,
    { connections, clock, journal }: { connections: Connections; clock: Clock; journal: Journal },
  ) {
    this.target = target
    this.#connections = connections
    this.#clock = clock
    this.journal = journal
  }

  /** `target` is a method and a path with its query string. */
  async ask(target: string, options: AskOptions = {}): Promise<Answer> {
    // A submit that is cut off could leave a query that nobody knows.
    const isSubmit = /^POST \/_query\/async(\?|$)/.test(target)
    const signal = isSubmit ? new AbortController().signal : this.#waits.signal
    this.#waits.signal.throwIfAborted()
    const asking = this.#send(target, options, signal)
    if (isSubmit) this.#submits.add(asking)
    const answer = await asking
    if (isSubmit && answer.id !== undefined) this.#ids.add(answer.id)
    return answer
  }

  /** Submits the query that completes. Fields replace those of the body, and `undefined` leaves one out. */
  submit(fields: object = {}, parameters = '', options: AskOptions = {}): Promise<Answer> {
    const { completes } = this.target.queries
    const body = { query: completes, keep_alive: KEEP_ALIVE, ...fields }
    return this.ask(`POST /_query/async${parameters && `?${parameters}`}`, { body, ...options })
  }

  async kept(fields: object = {}): Promise<Kept> {
    const wait = timeText(this.target.patienceMs / 2)
    const answer = await this.submit({
      keep_on_completion: true,
      wait_for_completion_timeout: wait,
      ...fields,
    })
    answer.hasStatus(200).hasField('is_running', false)
    const { id } = answer
    if (id === undefined) return answer.fail('a query that is kept has no id')
    const { columns, values } = answer.json
    answer.must(Array.isArray(columns) && Array.isArray(values), '`columns` or `values` is no array')
    return { id, answer, columns: columns as ValueObject[], values: values as Value[][] }
  }

  /** Submits the query that runs, without a wait. Resolves with its id. */
  async running(fields: object = {}): Promise<string> {
    const answer = await this.startRunning(fields)
    const { id } = answer.hasStatus(200).hasField('is_running', true)
    if (id === undefined) return answer.fail('a query that runs has no id')
    return id
  }

  startRunning(fields: object = {}): Promise<Answer> {
    return this.submit({ query: this.target.queries.runs, wait_for_completion_timeout: '0s', ...fields })
  }

  get(id: string, parameters = '', options: AskOptions = {}): Promise<Answer> {
    return this.ask(`GET ${pathOf(id)}${parameters && `?${parameters}`}`, options)
  }

  stop(id: string, parameters = '', options: AskOptions = {}): Promise<Answer> {
    return this.ask(`POST ${pathOf(id)}/stop${parameters && `?${parameters}`}`, options)
  }

  delete(id: string, parameters = '', options: AskOptions = {}): Promise<Answer> {
    return this.ask(`DELETE ${pathOf(id)}${parameters && `?${parameters}`}`, options)
  }

  /** An id of the server's own shape that no query has any more. */
  async unknownId(): Promise<string> {
    const { id } = await this.kept()
    const answer = await this.delete(id)
    answer.hasStatus(200)
    return id
  }

  /** Begins a get that waits. Resolves when the server has answered others after it, so that it has surely arrived. */
  async beginGet(id: string, parameters = ''): Promise<{ answered: Promise<Answer> }> {
    const answered = this.get(id, parameters)
    answered.catch(() => {})
    for (let round = 0; round < OTHER_ROUNDS; round += 1) await this.get(id, 'wait_for_completion_timeout=0s')
    return { answered }
  }

  /** Resolves when a query is gone. */
  async untilGone(id: string): Promise<Answer> {
    const endMs = this.#clock.now() + this.target.patienceMs
    for (;;) {
      const answer = await this.get(id, 'wait_for_completion_timeout=0s')
      if (answer.status === 404) return answer
      if (this.#clock.now() > endMs) answer.fail('the query is still there after its keep-alive')
      await this.#pause()
    }
  }

  /** Ends all that waits, and deletes what the check has made. Resolves with the ids that are left. */
  async end(): Promise<string[]> {
    await Promise.allSettled(this.#submits)
    this.#waits.abort(new Skip('interrupted'))
    const left: string[] = []
    for (const id of this.#ids) {
      const isGone = await this.#send(`DELETE ${pathOf(id)}`, {}, new AbortController().signal).then(
        ({ status }) => status === 200 || status === 404,
        () => false,
      )
      if (!isGone) left.push(id)
    }
    return left
  }

  /** Ends all that waits, from outside. */
  interrupt(reason: string): void {
    this.#waits.abort(new Skip(reason))
  }

  #pause(): Promise<void> {
    return new Promise((resolve, reject) => {
      const { signal } = this.#waits
      const cancel = this.#clock.setTimer(() => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }, LOOK_AGAIN_MS)
      const onAbort = (): void => {
        cancel()
        reject(signal.reason)
      }
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }

  async #send(target: string, options: AskOptions, signal: AbortSignal): Promise<Answer> {
    const request = await this.#requestOf(target, options)
    const { patienceMs } = this.target
    const answer = await this.#connections.send(request, { patienceMs, signal })
    this.journal.note(answer)
    return answer
  }

  async #requestOf(target: string, { headers = {}, body, as = 'owner' }: AskOptions): Promise<Request> {
    const [, method = '', path = ''] = /^(\S+) (.*)$/s.exec(target) ?? []
    const isObject = typeof body === 'object'
    const authorization = as === 'nobody' ? undefined : await this.target.authorization(as)
    if (as === 'stranger' && authorization === undefined) throw new Breach('there is no second token')
    return {
      method,
      url: new URL((await this.target.url()).replace(/\/$/, '') + path),
      headers: {
        ...(isObject && { 'content-type': 'application/json' }),
        ...(authorization !== undefined && { authorization }),
        ...headers,
      },
      body: isObject ? JSON.stringify(body) : body,
    }
  }
}

export function pathOf(id: string): string {
  return `/_query/async/${encodeURIComponent(id)}`
}
