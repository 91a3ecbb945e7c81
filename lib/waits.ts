import type { Response } from 'express'
import type { Clients } from './clients'

/** A request that may wait. */
export interface Wait {
  /** Fires when there is nothing left to wait for: the client went away, or the process drains. */
  readonly signal: AbortSignal
  /** The client went away; nobody will read an answer. */
  readonly isAbandoned: boolean
}

/** Every request of a router that may be waiting, so that a drain can answer them all. */
export class Waits {
  readonly #clients: Clients
  readonly #controllers = new Set<AbortController>()
  #isDraining = false

  constructor(clients: Clients) {
    this.#clients = clients
  }

  /** Requests that may be waiting now. */
  get count(): number {
    return this.#controllers.size
  }

  get isDraining(): boolean {
    return this.#isDraining
  }

  /** Runs what may wait, with a signal that ends the wait. */
  async during<T>(response: Response, run: (wait: Wait) => Promise<T>): Promise<T> {
    const controller = new AbortController()
    let isAbandoned = this.#clients.isGone(response)
    const callOff = this.#clients.onGone(response, () => {
      isAbandoned = true
      controller.abort()
    })
    if (isAbandoned || this.#isDraining) controller.abort()
    this.#controllers.add(controller)
    try {
      return await run({
        signal: controller.signal,
        get isAbandoned() {
          return isAbandoned
        },
      })
    } finally {
      this.#controllers.delete(controller)
      callOff()
    }
  }

  /** Ends all waits, those to come too. */
  drain(): void {
    this.#isDraining = true
    for (const controller of this.#controllers) controller.abort()
  }
}
