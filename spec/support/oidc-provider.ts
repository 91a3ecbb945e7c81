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

/** The package oidc-provider in its own process. It can stop, and come back at the same address. */
export class OidcProvider {
  issuer = ''
  #child: ChildProcess | undefined
  #output = ''

  /** Starts or restarts with these keys. It signs with the first one. */
  async start(...keys: JsonWebKey[]): Promise<this> {
    const port = this.issuer === '' ? 0 : Number(new URL(this.issuer).port)
    const settings = { port, audience, keys, clients: ['alice', 'mallory'] }
    const child = fork(path.join(__dirname, 'oidc-provider-child.mjs'), [JSON.stringify(settings)], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        this.#output += chunk
      })
    }
    const ended = once(child, 'exit').then(() => {
      throw new Error(`The provider ended:\n${this.#output}`)
    })
    const [{ issuer }] = await Promise.race([once(child, 'message'), ended])
    ended.catch(() => {})
    this.issuer = issuer
    return this
  }

  async stop(): Promise<void> {
    const child = this.#child
    this.#child = undefined
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
}
