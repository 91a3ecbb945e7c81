import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import { on, once } from 'node:events'
import type { IncomingMessage, RequestOptions } from 'node:http'
import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import net from 'node:net'
import path from 'node:path'
import { text as readText } from 'node:stream/consumers'
import express from 'express'
import type { GracefulShutdownOptions } from 'express-esql-async-query'
import { asyncQueryRouter, gracefulShutdown, MemoryStore } from 'express-esql-async-query'
import type { BuiltPackage } from '../support/server-process'
import { buildPackage } from '../support/server-process'

/** Far from the time in which a process here ends, so that none ends because of a time limit. */
const NEVER_MS = 600_000
const SECRET = 'a secret that both sides of TLS know'

let built: BuiltPackage
const hosts: Host[] = []

beforeAll(() => {
  built = buildPackage()
})
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.remove()
})
afterAll(() => built.remove())

interface Settings {
  secret?: string
  close?: 'whole' | 'never' | 'hangs' | 'fails' | 'throws'
  keepsAlive?: boolean
  options?: GracefulShutdownOptions
}

interface Entry {
  message?: string
  port?: number
}

/** A process that ends with `gracefulShutdown`. */
class Host {
  /** Code and signal. */
  readonly exited: Promise<unknown[]>
  readonly #child: ChildProcess
  readonly #agent: http.Agent
  readonly #entries: Entry[] = []
  readonly #isSecure: boolean
  #port = 0

  constructor({ options, ...settings }: Settings = {}) {
    const patient = { graceMs: NEVER_MS, closeTimeoutMs: NEVER_MS, ...options }
    const child = path.join(__dirname, '..', 'support', 'shutdown-child.cjs')
    this.#child = fork(child, [built.folder, JSON.stringify({ ...settings, options: patient })])
    this.#child.on('message', (entry: Entry) => this.#entries.push(entry))
    this.exited = once(this.#child, 'exit')
    this.#isSecure = settings.secret !== undefined
    const psk = Buffer.from(SECRET)
    const tls = {
      ciphers: 'PSK',
      maxVersion: 'TLSv1.2',
      checkServerIdentity: () => undefined,
      pskCallback: () => ({ psk, identity: 'me' }),
    } as const
    this.#agent = this.#isSecure
      ? new https.Agent({ keepAlive: true, ...tls })
      : new http.Agent({ keepAlive: true })
    hosts.push(this)
  }

  async start(): Promise<this> {
    const { port = 0 } = await this.#entry(({ port }) => port !== undefined)
    this.#port = port
    return this
  }

  get port(): number {
    return this.#port
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Resolves when the log has this message so many times. */
  async logged(message: string, times = 1): Promise<Entry> {
    const found = () => this.#entries.filter((entry) => entry.message === message)
    await this.#entry(() => found().length >= times)
    return found().at(-1) ?? {}
  }

  async ask(given: RequestOptions, body = ''): Promise<IncomingMessage> {
    const { request } = this.#isSecure ? https : http
    const headers = body === '' ? {} : { 'content-type': 'application/json' }
    const asked = request({ host: '127.0.0.1', port: this.#port, agent: this.#agent, headers, ...given })
    asked.end(body)
    const [answer] = await once(asked, 'response')
    return answer as IncomingMessage
  }

  /** The id of a query that runs until it is interrupted, or is large. */
  async submit(query: 'RUN' | 'LARGE'): Promise<string> {
    const [wait_for_completion_timeout, keep_on_completion] = ['0s', true]
    const body = JSON.stringify({ query, wait_for_completion_timeout, keep_on_completion })
    const answer = await this.ask({ method: 'POST', path: '/_query/async' }, body)
    await readText(answer)
    return String(answer.headers['x-elasticsearch-async-id'])
  }

  /** An answer of which nothing but the head has been read. */
  async download(): Promise<IncomingMessage> {
    return this.ask({ path: `/_query/async/${await this.submit('LARGE')}` })
  }

  async remove(): Promise<void> {
    this.#agent.destroy()
    this.#child.kill('SIGKILL')
    await this.exited
  }

  async #entry(isIt: (entry: Entry) => boolean): Promise<Entry> {
    const found = () => this.#entries.find(isIt)
    const gone = new AbortController()
    void this.exited.then(() => gone.abort())
    const messages = on(this.#child, 'message', { signal: gone.signal })
    while (!found()) await messages.next()
    await messages.return?.()
    return found() ?? {}
  }
}

describe.each([
  ['http', {}],
  ['https', { secret: SECRET }],
] as const)('gracefulShutdown over %s', (_name, protocol) => {
  it('answers requests that wait, ends connections that are kept alive, and ends with 0', async () => {
    const host = await new Host(protocol).start()
    const id = await host.submit('RUN')
    const waiting = host.ask({ path: `/_query/async/${id}` })
    await host.logged('waiting')
    // Each connection is idle now, and kept alive by both sides.
    await Promise.all([1, 2, 3].map(async () => readText(await host.ask({ path: '/begun' }))))
    host.kill('SIGTERM')
    const answer = await waiting
    expect([answer.statusCode, answer.headers.connection]).toEqual([200, 'close'])
    expect(JSON.parse(await readText(answer))).toMatchObject({ id, is_running: true })
    expect(await host.exited).toEqual([0, null])
  })

  it('lets a slow download finish', async () => {
    const host = await new Host(protocol).start()
    const answer = await host.download()
    host.kill('SIGTERM')
    await host.logged('shutting down')
    expect(JSON.parse(await readText(answer)).values).toHaveLength(20_000)
    expect(await host.exited).toEqual([0, null])
  })

  it('cuts off a download that takes longer than it may', async () => {
    const host = await new Host({ ...protocol, options: { graceMs: 1 } }).start()
    const answer = await host.download()
    const broken = once(answer, 'error')
    host.kill('SIGTERM')
    expect(await host.exited).toEqual([0, null])
    answer.resume()
    expect(await broken).toEqual([expect.objectContaining({ code: 'ECONNRESET' })])
  })

  it('cuts off connections that never come to a request', async () => {
    const host = await new Host({ ...protocol, options: { graceMs: 1 } }).start()
    const socket = net.connect(host.port, '127.0.0.1')
    await once(socket, 'connect')
    socket.on('error', () => {})
    socket.write('G')
    host.kill('SIGTERM')
    expect(await host.exited).toEqual([0, null])
    socket.destroy()
  })
})

describe('gracefulShutdown', () => {
  it('goes on as before for the delay, says that it has begun, and ends at once at a second signal', async () => {
    const host = await new Host({ options: { delayMs: NEVER_MS } }).start()
    expect(await readText(await host.ask({ path: '/begun' }))).toBe('false')
    host.kill('SIGTERM')
    await host.logged('shutting down')
    const answer = await host.ask({ path: '/begun' })
    expect([answer.headers.connection, await readText(answer)]).toEqual(['close', 'true'])
    const download = await host.download()
    download.on('error', () => {})
    host.kill('SIGTERM')
    await host.logged('shutting down without more patience')
    expect(await host.exited).toEqual([0, null])
  })

  it.each([
    ['a store without close, whose query runs', { close: 'never' }],
    ['a process that something else keeps alive', { keepsAlive: true }],
  ] as const)('ends %s with 0', async (_name, settings) => {
    const host = await new Host(settings).start()
    await host.submit('RUN')
    host.kill('SIGTERM')
    expect(await host.exited).toEqual([0, null])
  })

  it.each([
    ['hangs', 'the store has not closed within 1 ms', { closeTimeoutMs: 1 }],
    ['fails', 'the disk is full', {}],
    ['throws', 'the disk is full', {}],
  ] as const)(
    'ends with 1 where the store %s while it closes, and logs why',
    async (close, message, options) => {
      const host = await new Host({ close, options }).start()
      host.kill('SIGTERM')
      const err = expect.objectContaining({ message })
      expect(await host.logged('the store cannot be closed')).toMatchObject({ level: 'error', err })
      expect(await host.exited).toEqual([1, null])
    },
  )

  it('waits no longer for a store that hangs at a second signal', async () => {
    const host = await new Host({ close: 'hangs' }).start()
    host.kill('SIGTERM')
    await host.logged('shutting down')
    host.kill('SIGTERM')
    expect(await host.exited).toEqual([1, null])
  })

  describe('in the process of a host', () => {
    const router = asyncQueryRouter({
      store: new MemoryStore({ execute: () => ({ columns: [], values: [] }) }),
      resolveCaller: () => ({ owner: 'alice' }),
    })
    const listeners = () => process.listenerCount('SIGTERM')

    it('ends once, however often the host asks, and leaves the process alone', async () => {
      const before = listeners()
      const server = express().listen(0, '127.0.0.1')
      let closed = 0
      const shutdown = gracefulShutdown(server, router, { close: () => ++closed })
      expect([listeners() - before, shutdown.begun]).toEqual([1, false])
      await once(server, 'listening')
      await Promise.all([shutdown.end(), shutdown.end(NEVER_MS), shutdown.end()])
      expect([closed, server.listening, router.draining, shutdown.begun]).toEqual([1, false, true, true])
      expect(listeners()).toBe(before)
    })

    it('hears just the signals that it is told', () => {
      const before = listeners()
      gracefulShutdown(http.createServer(), router, {}, { signals: [] })
      expect(listeners()).toBe(before)
    })

    it('ends a server that does not listen, or has been closed', async () => {
      const server = http.createServer()
      await gracefulShutdown(server, router, {}, { signals: [] }).end()
      server.listen(0).close()
      await gracefulShutdown(server, router, {}, { signals: [] }).end()
    })

    it.each<[string, unknown[]]>([
      ['needs a server of node:http or node:https', [express(), router, {}]],
      ['needs a server of node:http or node:https', [http2.createServer(), router, {}]],
      ['needs the router', [http.createServer(), {}, {}]],
      ['needs the router', [http.createServer()]],
      ['needs the store', [http.createServer(), router]],
      ['did you mean `graceMs`?', [http.createServer(), router, {}, { gracMs: 5 }]],
      [
        '`signals` to be a list of names of signals',
        [http.createServer(), router, {}, { signals: ['TERM'] }],
      ],
      ['`closeTimeoutMs` to be a number > 0', [http.createServer(), router, {}, { closeTimeoutMs: 0 }]],
    ])('%s', (message, given) => {
      const [server, ofServer, store, options] = given as Parameters<typeof gracefulShutdown>
      expect(() => gracefulShutdown(server, ofServer, store, options)).toThrow(message)
    })
  })
})
