import { once } from 'node:events'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { Agent, createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../../../lib/core/clock'
import { systemClock } from '../../../lib/core/clock'

/** A request on its way to the good server. */
export interface ProxiedRequest {
  method: string
  /** With the query string. */
  path: string
  headers: Record<string, string>
  body: string
}

/** An answer on its way back. */
export interface ProxiedAnswer {
  status: number
  headers: Record<string, string | string[]>
  body: Buffer
}

/** What was asked, and what the good server has answered, if anybody waited for it. */
export interface Exchange {
  request: ProxiedRequest
  answer?: ProxiedAnswer
}

/** A server that breaks one promise, and the checks that must fail. */
export interface BrokenServer {
  flaw: string
  /** Changes a request before the good server gets it. */
  request?(request: ProxiedRequest, proxy: FlawedProxy): unknown
  /** Changes the answer, or gives another. */
  answer?(answer: ProxiedAnswer, request: ProxiedRequest, proxy: FlawedProxy): unknown
  caughtBy: readonly string[]
}

/** The time of the machine, which a test can hurry: then everybody has waited long enough. */
export class HurriedClock implements Clock {
  readonly #timers = new Set<() => void>()
  #aheadMs = 0

  now(): number {
    return systemClock.now() + this.#aheadMs
  }

  setTimer(callback: () => void, ms: number): () => void {
    const fire = (): void => {
      cancel()
      callback()
    }
    const cancelTimer = systemClock.setTimer(fire, ms, { background: true })
    const cancel = (): void => {
      this.#timers.delete(fire)
      cancelTimer()
    }
    if (ms >= 1_000) this.#timers.add(fire)
    return cancel
  }

  /** Lets an hour pass. Requests that are under way do not notice. */
  skip(): void {
    this.#aheadMs += 3_600_000
  }

  /** Ends the patience with every request that is under way. */
  hurry(): void {
    for (const fire of [...this.#timers]) fire()
  }
}

/** Stands in front of a good server, and breaks one thing. */
export class FlawedProxy {
  readonly clock = new HurriedClock()
  /** The ids that submits gave to queries that run, and to those that were complete. */
  readonly running = new Set<string>()
  readonly complete = new Set<string>()
  readonly deleted = new Set<string>()
  /** Those that the flaw keeps longer than they should live. */
  readonly lasting = new Set<string>()
  /** How many gets wait for long. */
  waits = 0
  /** The most queries that ran at a time, as far as deletes and stops tell. */
  mostRunning = 0
  /** What came through, as the client and the good server wrote it. */
  readonly exchanges: Exchange[] = []
  protected readonly broken: BrokenServer
  readonly #good: URL
  readonly #agent = new Agent({ keepAlive: true })
  readonly #server: Server

  constructor(good: string, broken: BrokenServer) {
    this.#good = new URL(good)
    this.broken = broken
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch(() => response.destroy())
    })
  }

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#agent.destroy()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** Asks the good server. */
  ask({ method, path, headers, body }: ProxiedRequest, signal?: AbortSignal): Promise<ProxiedAnswer> {
    return new Promise((resolve, reject) => {
      const url = { host: this.#good.hostname, port: this.#good.port, path }
      const sent = httpRequest({ ...url, method, headers, agent: this.#agent, ...(signal && { signal }) })
      sent.on('error', reject)
      sent.on('response', async (response) => {
        const answer = { status: response.statusCode ?? 0, body: await bytesOf(response) }
        const { connection: _, 'keep-alive': __, ...kept } = response.headers
        resolve({ ...answer, headers: kept as ProxiedAnswer['headers'] })
      })
      sent.end(body)
    })
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { host: _, connection: __, ...headers } = incoming.headers
    const request: ProxiedRequest = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: headers as Record<string, string>,
      body: (await bytesOf(incoming)).toString(),
    }
    const original = copyOf(request)
    const exchange: Exchange = { request: original }
    this.exchanges.push(exchange)
    const controller = new AbortController()
    response.on('close', () => response.writableFinished || controller.abort())
    await this.broken.request?.(request, this)
    if (request.body !== original.body)
      request.headers['content-length'] = `${Buffer.byteLength(request.body)}`
    const isWait = original.path.endsWith('=1m')
    if (isWait) this.waits += 1
    const answer = await this.ask(request, controller.signal).finally(() => {
      if (isWait) this.waits -= 1
    })
    exchange.answer = copyOf(answer)
    this.note(original, answer)
    const length = answer.body.length
    await this.broken.answer?.(answer, original, this)
    if (answer.body.length !== length) delete answer.headers['content-length']
    response.writeHead(answer.status, answer.headers)
    response.end(answer.body)
  }

  /** Remembers what flaws ask for. */
  protected note(request: ProxiedRequest, { status, headers }: ProxiedAnswer): void {
    const id = String(headers['x-elasticsearch-async-id'] ?? '')
    if (isSubmit(request) && id !== '') {
      const isRunning = headers['x-elasticsearch-async-is-running'] === '?1'
      ;(isRunning ? this.running : this.complete).add(id)
    }
    if (request.method === 'DELETE' && status === 200) this.deleted.add(idOf(request))
    if (isSubmit(request)) this.mostRunning = Math.max(this.mostRunning, this.#countRunning())
  }

  #countRunning(): number {
    return [...this.running].filter((id) => !this.deleted.has(id)).length
  }
}

/** Shows a flaw what came through without it. Nobody is asked. */
export class Rehearsal extends FlawedProxy {
  #hasAsked = false

  constructor(broken: BrokenServer) {
    super('http://good.invalid', broken)
  }

  override async ask(): Promise<ProxiedAnswer> {
    this.#hasAsked = true
    return { status: 200, headers: {}, body: Buffer.from('') }
  }

  /** Whether client and good server would notice the flaw here. */
  async isNoticed({ request, answer }: Exchange): Promise<boolean> {
    this.#hasAsked = false
    const sent = copyOf(request)
    await this.broken.request?.(sent, this)
    const got = answer && copyOf(answer)
    if (got) {
      this.note(request, got)
      await this.broken.answer?.(got, request, this)
    }
    return this.#hasAsked || !isDeepStrictEqual([sent, got], [request, answer])
  }
}

/** Flaws change fields and headers in place, and never the bytes of a body. */
function copyOf<T extends ProxiedRequest | ProxiedAnswer>(original: T): T {
  return { ...original, headers: { ...original.headers } }
}

async function bytesOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

export const isSubmit = ({ method, path }: ProxiedRequest): boolean =>
  method === 'POST' && /^\/_query\/async(\?|$)/.test(path)
export const isQuery = ({ method, path }: ProxiedRequest): boolean =>
  method === 'POST' && /^\/_query(\?|$)/.test(path)
export const isGet = ({ method, path }: ProxiedRequest): boolean =>
  method === 'GET' && path.startsWith('/_query/async/')
export const isStop = ({ method, path }: ProxiedRequest): boolean =>
  method === 'POST' && /\/stop(\?|$)/.test(path)
export const isDelete = ({ method }: ProxiedRequest): boolean => method === 'DELETE'
export const isList = ({ path }: ProxiedRequest): boolean => path.startsWith('/_query/queries')

/** The id in a path. */
export function idOf({ path }: ProxiedRequest): string {
  const [, id = ''] = /^\/_query\/async\/([^/?]*)/.exec(path) ?? []
  return decodeURIComponent(id)
}

/** Whether the token is that of this user. */
export function isBy({ headers }: ProxiedRequest, sub: string): boolean {
  const [, payload = ''] = (headers.authorization ?? '').split('.')
  return Buffer.from(payload, 'base64url').toString().includes(`"sub":"${sub}"`)
}

/** Changes the text of a body in JSON. */
export function inText(change: (text: string) => string): (answer: ProxiedAnswer) => void {
  return (answer) => {
    if (!`${answer.headers['content-type']}`.startsWith('application/json')) return
    answer.body = Buffer.from(change(answer.body.toString()))
  }
}

const HEADERS = { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' }

/** Replaces an answer by that to a delete. */
export function acknowledge(answer: ProxiedAnswer): void {
  const opaqueId = answer.headers['x-opaque-id']
  const headers = { ...HEADERS, ...(opaqueId && { 'x-opaque-id': opaqueId }) }
  Object.assign(answer, { status: 200, headers, body: Buffer.from('{"acknowledged":true}') })
}

/** Replaces an answer by an error. */
export function refuse(answer: ProxiedAnswer, status: number, type: string, reason: string): void {
  const error = { root_cause: [{ type, reason }], type, reason }
  const body = Buffer.from(JSON.stringify({ error, status }))
  Object.assign(answer, { status, headers: { ...HEADERS }, body })
}
