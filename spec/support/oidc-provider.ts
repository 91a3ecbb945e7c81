import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import type { JsonWebKey } from 'node:crypto'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import path from 'node:path'
import { audience } from './tokens'

/** A private key. The provider signs with it and publishes its public half. */
export function signingKey(kid: string): JsonWebKey {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { ...privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' }
}

/**
 * The package oidc-provider in its own process, which serves all tests of a file. It can stop listening, and come back at
 * the same address with other keys.
 */
export class OidcProvider {
  issuer = ''
  #child: ChildProcess | undefined
  #output = ''
  #isListening = false

  /** Starts or restarts with these keys. It signs with the first one. */
  async start(...keys: JsonWebKey[]): Promise<this> {
    const port = this.issuer === '' ? 0 : Number(new URL(this.issuer).port)
    this.#child ??= this.#fork()
    const { issuer } = await this.#ask(this.#child, { port, keys })
    this.#isListening = true
    this.issuer = issuer
    return this
  }

  async stop(): Promise<void> {
    if (this.#child && this.#isListening) await this.#ask(this.#child, {})
    this.#isListening = false
  }

  /** Ends its process. */
  async end(): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }

  async restart(...keys: JsonWebKey[]): Promise<void> {
    await this.stop()
    await this.start(...keys)
  }

  /** An access token for the gateway, valid for 30 days. */
  async token(client: string): Promise<string> {
    const credentials = Buffer.from(`${client}:secret-of-${client}`).toString('base64')
    const response = await fetch(`${this.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${credentials}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', resource: `urn:${audience}` }),
    })
    const { access_token: token } = (await response.json()) as Record<string, unknown>
    if (typeof token !== 'string') throw new Error(`The provider gave no token: ${response.status}`)
    return token
  }

  #fork(): ChildProcess {
    const settings = JSON.stringify({ audience, clients: ['alice', 'mallory'] })
    const child = fork(path.join(__dirname, 'oidc-provider-child.mjs'), [settings], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        this.#output += chunk
      })
    }
    return child
  }

  async #ask(child: ChildProcess, message: object): Promise<{ issuer: string }> {
    const done = new AbortController()
    const ended = once(child, 'exit', done).then(() => {
      throw new Error(`The provider ended:\n${this.#output}`)
    })
    const answered = once(child, 'message', done)
    child.send(message)
    try {
      const [answer] = await Promise.race([answered, ended])
      return answer
    } finally {
      done.abort()
      for (const other of [answered, ended]) other.catch(() => {})
    }
  }
}
