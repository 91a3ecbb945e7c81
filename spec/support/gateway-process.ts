import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { BuiltPackage } from './server-process'
import { audience, issuer, rsaKeys } from './tokens'

/** Options of the store, as JSON can carry them. */
export type StoreSettings = Record<string, unknown>

interface Message {
  url?: string
  resources?: string[]
}

/** A gateway with an `ElasticsearchStore` in its own process. It uses the compiled package. */
export class GatewayProcess {
  url = ''
  /** Its whole output. */
  output = ''
  readonly #child: ChildProcess

  constructor({ folder }: BuiltPackage, store: StoreSettings) {
    const key = rsaKeys.publicKey.export({ type: 'spki', format: 'pem' })
    const settings = { caller: { key, algorithms: ['RS256'], issuer, audience }, store }
    this.#child = fork(path.join(__dirname, 'gateway-child.cjs'), [folder, JSON.stringify(settings)], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk) => {
        this.output += chunk
      })
    }
  }

  /** Resolves when it listens. */
  async listening(): Promise<this> {
    const { url } = await this.#message()
    if (url === undefined) throw new Error(`The gateway did not start:\n${this.output}`)
    this.url = url
    return this
  }

  /** How many timers and sockets it holds. */
  async resources(): Promise<Record<string, number>> {
    this.#child.send({})
    const { resources = [] } = await this.#message()
    const counts: Record<string, number> = {}
    for (const kind of resources) counts[kind] = (counts[kind] ?? 0) + 1
    return counts
  }

  /** Whatever it prints from now on fails with EPIPE. */
  closeOutput(): void {
    this.#child.stdout?.destroy()
    this.#child.stderr?.destroy()
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill(signal)
    await exited
  }

  async #message(): Promise<Message> {
    const ended = once(this.#child, 'exit').then(() => {
      throw new Error(`The gateway ended:\n${this.output}`)
    })
    const [message] = await Promise.race([once(this.#child, 'message'), ended])
    ended.catch(() => {})
    return message as Message
  }
}
