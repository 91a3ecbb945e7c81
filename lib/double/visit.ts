import type { IncomingHttpHeaders } from 'node:http'
import type { Request, Response } from 'express'
import { sentParams } from '../catalogue/matching'
import type { Clock } from '../core/clock'
import type { QueryParam } from '../core/store'
import type { Command } from '../request/command'
import type { JournalEntry } from './journal-entry'
import { readTarget } from './operations'

/** Headers that hold credentials. */
const SECRET_HEADERS = ['authorization', 'proxy-authorization', 'es-secondary-authorization', 'cookie']

type Writable<T> = { -readonly [Name in keyof T]: T[Name] }

/** Something that a request waits for. */
export interface Awaited {
  /** Whether it goes on only with time, or by hand. */
  readonly isResting: boolean
}

/** One request, from its arrival to the end of its answer. */
export class Visit {
  readonly entry: Writable<JournalEntry>
  readonly response: Response
  /** What happens just before the head of the answer is sent. */
  readonly beforeHead: (() => void)[] = []
  /** The query that it is about. */
  query: (Awaited & { readonly text: string; readonly params: readonly QueryParam[] }) | undefined
  readonly #gone = new AbortController()
  readonly #clock: Clock
  readonly #onChange: () => void
  #leaving: Promise<void> | undefined
  #isAsking = false
  /** A fault holds it back. */
  #isHeld = false

  constructor(request: Request, response: Response, clock: Clock, onChange: () => void) {
    const { method, originalUrl: url, path, headers } = request
    this.#clock = clock
    this.#onChange = onChange
    this.response = response
    this.entry = {
      ...readTarget(method, path),
      method,
      url,
      headers: withoutSecrets(headers),
      query: undefined,
      params: undefined,
      owner: undefined,
      status: undefined,
      fault: undefined,
      waitMs: undefined,
      format: undefined,
    }
    this.#watchHead()
  }

  /** Fires when the answer has ended, or the client has left. */
  get gone(): AbortSignal {
    return this.#gone.signal
  }

  /** Whether nothing happens to it but with time, by hand, or when its client leaves. */
  get isWaiting(): boolean {
    return this.#isHeld || (this.#isAsking && this.query?.isResting === true)
  }

  /** Notes what the request says. */
  read(command: Command): void {
    if ('request' in command && command.request) this.#noteQuery(command.request)
    const { format } = command.output
    this.entry.format = typeof format === 'string' ? format : format.format
  }

  /** Notes the query that the request is about. */
  concern(query: NonNullable<Visit['query']>): void {
    this.query = query
    this.#noteQuery({ query: query.text, params: query.params })
  }

  /** Notes the id that the answer tells. */
  noteId(): void {
    const id = this.response.getHeader('X-Elasticsearch-Async-Id')
    if (id !== undefined) this.entry.id = String(id)
  }

  /** Waits for a store. */
  async ask<T>(answer: () => Promise<T>): Promise<T> {
    const askedMs = this.#clock.now()
    this.#isAsking = true
    try {
      const asked = answer()
      this.#onChange()
      return await asked
    } finally {
      this.#isAsking = false
      this.entry.waitMs = Math.round(this.#clock.now() - askedMs)
      this.#onChange()
    }
  }

  /** Holds the request back until the promise settles or the client leaves. */
  async hold(until: Promise<unknown> | undefined): Promise<void> {
    this.#isHeld = true
    this.#onChange()
    await Promise.race([this.#left(), ...(until ? [until] : [])])
    this.#isHeld = false
    this.#onChange()
  }

  #left(): Promise<void> {
    this.#leaving ??= new Promise((resolve) => {
      if (this.gone.aborted) resolve()
      this.gone.addEventListener('abort', () => resolve())
    })
    return this.#leaving
  }

  /** The answer never becomes whole. */
  break(): void {
    this.entry.status = 'aborted'
  }

  /** Ends a request that a fault holds back, with its connection. */
  release(): void {
    if (this.#isHeld) this.response.destroy()
  }

  leave(): void {
    if (!this.response.writableFinished) this.break()
    this.#gone.abort()
    this.#onChange()
  }

  #noteQuery({ query, params }: { query: string; params?: readonly QueryParam[] }): void {
    this.entry.query = query
    if (params && params.length > 0) this.entry.params = sentParams(params)
  }

  /** The client may have all of an answer before the system says so. */
  #watchHead(): void {
    const { response, entry } = this
    const writeHead: (...args: unknown[]) => Response = response.writeHead.bind(response) as never
    Object.assign(response, {
      writeHead: (...args: unknown[]) => {
        for (const act of this.beforeHead) act()
        this.noteId()
        const sent = writeHead(...args)
        entry.status ??= response.statusCode
        return sent
      },
    })
  }
}

function withoutSecrets(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !SECRET_HEADERS.includes(name)))
}
