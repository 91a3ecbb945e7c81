import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { MOST_STALL_MS, MOST_WAITS_PER_OWNER } from './settings.mjs'

const BIN = fileURLToPath(new URL('../../dist/bin.js', import.meta.url))

/** The standalone gateway as users start it. Nobody reads what it prints and logs once it listens. */
export class Standalone {
  #child

  static async start({ port, trust, cluster, sealingKeys }) {
    const standalone = new Standalone({
      ESQL_ASYNC_HOST: '127.0.0.1',
      ESQL_ASYNC_PORT: String(port),
      ESQL_ASYNC_JWT_KEY: trust.key,
      ESQL_ASYNC_JWT_ALGORITHMS: 'RS256',
      ESQL_ASYNC_JWT_ISSUER: trust.issuer,
      ESQL_ASYNC_JWT_AUDIENCE: trust.audience,
      ESQL_ASYNC_MAX_STALL: `${MOST_STALL_MS}ms`,
      ESQL_ASYNC_MAX_WAITS_PER_OWNER: String(MOST_WAITS_PER_OWNER),
      ...(cluster === undefined && { ESQL_ASYNC_SAMPLES: 'true' }),
      ...(cluster !== undefined && {
        ELASTICSEARCH_URL: cluster,
        ELASTICSEARCH_API_KEY: 'bm9ib2R5OmNhcmVz',
        ESQL_ASYNC_SEALING_KEYS: sealingKeys.join(),
      }),
    })
    await standalone.#listening()
    return standalone
  }

  constructor(env) {
    this.#child = spawn(process.execPath, [BIN], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    // Nothing tells it that the soak has ended.
    process.once('exit', () => this.#child.kill())
  }

  /** Answers as the other gateways do, but can only tell whether it runs. */
  async ask() {
    const { exitCode, signalCode } = this.#child
    const hasEnded = exitCode !== null || signalCode !== null
    const faults = hasEnded ? [{ message: `it has ended with ${exitCode ?? signalCode}` }] : []
    return { faults, warnings: [], done: {} }
  }

  /** How many descriptors it has open: files, and connections to clients and to the cluster. */
  get descriptors() {
    return readdirSync(`/proc/${this.#child.pid}/fd`).length
  }

  async stop() {
    this.#child.kill()
    if ((await this.ask()).faults.length === 0) await once(this.#child, 'exit')
  }

  async #listening() {
    let told = ''
    for (const output of [this.#child.stdout, this.#child.stderr]) {
      output.on('data', (text) => {
        told += text
      })
    }
    while (!/"message":"listening"/.test(told)) {
      const [ended] = await Promise.race([once(this.#child.stdout, 'data'), once(this.#child, 'exit')])
      if (typeof ended === 'number') throw new Error(`the standalone gateway has ended: ${told}`)
    }
    // Every line that it writes from now on fails with EPIPE.
    this.#child.stdout.destroy()
    this.#child.stderr.destroy()
  }
}
