import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { PostgresStoreOptions } from '../../lib/stores/postgres/options'
import type { BuiltPackage } from './server-process'
import { audience, issuer, rsaKeys } from './tokens'

/** What the process says. */
type Message = Partial<Record<'url' | 'runs' | 'completed', string> & { closing: boolean }>

/** A gateway with a `PostgresStore` in a process of its own, whose queries end when the spec says so. */
export class PostgresGateway {
  url = ''
  readonly pid: number
  /** Resolves with the exit code or the signal. */
  readonly exited: Promise<number | string>
  readonly #child: ChildProcess
  readonly #messages: Message[] = []

  private constructor({ folder }: BuiltPackage, databaseUrl: string, store: Partial<PostgresStoreOptions>) {
    const key = rsaKeys.publicKey.export({ type: 'spki', format: 'pem' })
    const caller = { key, algorithms: ['RS256'], issuer, audience }
    const settings = JSON.stringify({ caller, url: databaseUrl, store })
    this.#child = fork(path.join(__dirname, 'postgres-gateway-child.cjs'), [folder, settings])
    this.pid = this.#child.pid ?? 0
    this.#child.on('message', (message: Message) => this.#messages.push(message))
    this.exited = once(this.#child, 'exit').then(([code, signal]) => code ?? signal)
  }

  static async start(
    ...args: [BuiltPackage, string, Partial<PostgresStoreOptions>]
  ): Promise<PostgresGateway> {
    const gateway = new PostgresGateway(...args)
    const { url = '' } = await gateway.#said(({ url }) => url !== undefined)
    gateway.url = url
    return gateway
  }

  /** Resolves when the engine of this process runs the query. */
  async runs(query: string): Promise<void> {
    await this.#said(({ runs }) => runs === query)
  }

  /** Lets a query end. Resolves when the process has heard it. */
  async complete(query: string): Promise<void> {
    this.#child.send({ complete: query })
    await this.#said(({ completed }) => completed === query)
  }

  /** Resolves when the process has begun to shut down. */
  async closing(): Promise<void> {
    await this.#said(({ closing }) => closing === true)
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.exited
  }

  async #said(isIt: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const found = this.#messages.find(isIt)
      if (found) return found
      const isThere = await Promise.race([
        once(this.#child, 'message').then(() => true),
        this.exited.then(() => false),
      ])
      if (!isThere) throw new Error('The gateway has ended')
    }
  }
}
