import http from 'node:http'
import https from 'node:https'
import { systemClock } from '../core/clock'
import { describeError } from '../core/describe-error'
import { exitWhenDone } from '../core/exit-when-done'
import { Connections } from './connections'
import type { GracefulShutdownOptions, ResolvedShutdownOptions } from './options'
import { resolveGracefulShutdownOptions } from './options'

/** How long answers and the store may take after a second signal, in milliseconds. */
const IMPATIENT_MS = 1_000

/** The time for output that a reader has not taken yet, in milliseconds. */
const FLUSH_MS = 1_000

/** The end of a process that serves the API, which {@link gracefulShutdown} prepares. */
export interface GracefulShutdown {
  /** Whether the end has begun, so that the process is no longer ready. */
  readonly begun: boolean
  /**
   * Ends as a signal does, but leaves the process to its host. Resolves when the last connection and the store are closed,
   * and rejects if the store cannot be closed. `graceMs` ends the delay, and leaves answers no more than this time from now
   * on, in milliseconds: for a second call.
   */
  end(graceMs?: number): Promise<void>
}

/**
 * Ends the process at a signal, without cutting off an answer. It asks clients to close their connections, takes no new
 * ones, ends all waits with `is_running: true`, lets answers finish, and closes the store. The process then ends by itself,
 * or a second later if something else keeps it alive. The exit code is 0, or 1 if the store could not be closed. A second
 * signal, which npm sends with each Ctrl-C, leaves everything just one more second.
 *
 * Call it once, before the server has connections. `store` may be anything with a `close`, also one that closes more than
 * the store, such as the pool of its database.
 *
 * Throws a `TypeError` for another server than one of `node:http` and `node:https`, and for options that are wrong or unknown.
 */
export function gracefulShutdown(
  server: http.Server | https.Server,
  router: { drain(): void },
  store: { close?(): unknown },
  options: GracefulShutdownOptions = {},
): GracefulShutdown {
  if (![http.Server, https.Server].some((kind) => server instanceof kind)) {
    throw new TypeError(
      'gracefulShutdown needs a server of node:http or node:https, as app.listen() returns it',
    )
  }
  if (typeof router?.drain !== 'function') {
    throw new TypeError('gracefulShutdown needs the router that asyncQueryRouter returns')
  }
  if (typeof store !== 'object' || store === null) {
    throw new TypeError('gracefulShutdown needs the store, or another object with a `close` method')
  }
  return new Shutdown(server, router, store, resolveGracefulShutdownOptions(options))
}

class Shutdown implements GracefulShutdown {
  readonly #server: http.Server | https.Server
  readonly #connections: Connections
  readonly #router: { drain(): void }
  readonly #store: { close?(): unknown }
  readonly #options: ResolvedShutdownOptions
  #ended: Promise<void> | undefined
  #isSignalled = false
  #endDelay = (): void => {}
  /** Limits how long the store may take to close. */
  #limitStore = (_ms: number): void => {}
  #closeTimeoutMs: number

  constructor(
    server: http.Server | https.Server,
    router: { drain(): void },
    store: { close?(): unknown },
    options: ResolvedShutdownOptions,
  ) {
    this.#server = server
    this.#connections = new Connections(server)
    this.#router = router
    this.#store = store
    this.#options = options
    this.#closeTimeoutMs = options.closeTimeoutMs
    for (const signal of options.signals) process.on(signal, this.#onSignal)
  }

  get begun(): boolean {
    return this.#ended !== undefined
  }

  end(graceMs?: number): Promise<void> {
    this.#ended ??= this.#endInOrder().finally(() => this.#forgetSignals())
    if (graceMs !== undefined) {
      this.#endDelay()
      this.#cutOffAfter(graceMs)
    }
    return this.#ended
  }

  /** npm passes Ctrl-C on to a process that has already received it, so a second signal must not end it at once. */
  readonly #onSignal = (signal: NodeJS.Signals): void => {
    const { logger } = this.#options
    const isFirst = !this.#isSignalled
    this.#isSignalled = true
    logger.info({ signal }, isFirst ? 'shutting down' : 'shutting down without more patience')
    if (isFirst) this.end().catch(fail).finally(exitSoon)
    else this.#hurry()
  }

  #hurry(): void {
    this.#closeTimeoutMs = IMPATIENT_MS
    this.#limitStore(IMPATIENT_MS)
    // The first signal has to do with its failure.
    this.end(IMPATIENT_MS).catch(() => {})
  }

  async #endInOrder(): Promise<void> {
    const { delayMs, graceMs } = this.#options
    const closed = new Promise<void>((resolve) => this.#server.once('close', resolve))
    this.#connections.leave()
    await new Promise<void>((resolve) => {
      this.#endDelay = resolve
      systemClock.setTimer(resolve, delayMs, { background: true })
    })
    this.#cutOffAfter(graceMs)
    await this.#connections.stopListening()
    this.#router.drain()
    void this.#connections.end()
    await closed
    await this.#closeStore()
  }

  #cutOffAfter(graceMs: number): void {
    systemClock.setTimer(() => this.#connections.cutOff(), graceMs, { background: true })
  }

  async #closeStore(): Promise<void> {
    let callOff = (): void => {}
    const late = new Promise<never>((_, reject) => {
      this.#limitStore = (ms) => {
        callOff()
        const giveUp = (): void => reject(new Error(`the store has not closed within ${ms} ms`))
        callOff = systemClock.setTimer(giveUp, ms)
      }
    })
    this.#limitStore(this.#closeTimeoutMs)
    try {
      await Promise.race([this.#store.close?.(), late])
    } catch (error) {
      this.#options.logger.error({ err: describeError(error) }, 'the store cannot be closed')
      throw error
    } finally {
      callOff()
    }
  }

  /** After a signal, the process ends soon, and another one must not change its exit code. */
  #forgetSignals(): void {
    if (this.#isSignalled) return
    for (const signal of this.#options.signals) process.off(signal, this.#onSignal)
  }
}

function fail(): void {
  process.exitCode = 1
}

/** A process does not end by itself while a pipe that nobody reads holds some of its output. */
function exitSoon(): void {
  exitWhenDone()
  systemClock.setTimer(() => process.exit(), FLUSH_MS, { background: true })
}
