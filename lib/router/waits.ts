import type { Response } from 'express'
import type { Owner } from '../core/caller'
import { QueryError } from '../core/errors'
import type { Counter, Meter } from '../core/meter'
import type { Excess } from '../core/quota'
import { Quota } from '../core/quota'
import type { WaitOptions } from '../core/store'
import { endInTurns } from '../core/turns'
import type { Clients, Watcher } from './disconnects'

/**
 * A request that may wait. Its signal fires when there is nothing left to wait for: the client went away, or the
 * process drains. There may be tens of thousands, so it is one object without closures.
 */
export class Wait extends AbortController implements Watcher {
  readonly response: Response
  /** Who takes a place among those who wait. */
  owner: Owner | undefined
  /** The client went away; nobody will read an answer. */
  isAbandoned = false

  constructor(response: Response, owner: Owner | undefined) {
    super()
    this.response = response
    this.owner = owner
  }

  onGone(): void {
    this.isAbandoned = true
    this.abort()
  }
}

/** How many requests may wait at a time, in all and of one owner. */
export interface WaitLimits {
  maxWaits: number
  maxWaitsPerOwner: number
}

/** Every request of a router that may be waiting, so that a drain can answer them all. */
export class Waits {
  readonly #clients: Clients
  readonly #places: Quota
  readonly #waits = new Set<Wait>()
  readonly #gauge: Counter | undefined
  #isDraining = false

  constructor(clients: Clients, { maxWaits, maxWaitsPerOwner }: WaitLimits, meter?: Meter) {
    this.#clients = clients
    this.#gauge = meter?.createUpDownCounter('esql_async.requests.waiting', {
      description: 'Requests that wait for a query or are being answered.',
      unit: '{request}',
    })
    this.#places = new Quota({ max: maxWaits, maxPerOwner: maxWaitsPerOwner }, tooMany)
  }

  /** Requests that may be waiting now. */
  get count(): number {
    return this.#waits.size
  }

  get isDraining(): boolean {
    return this.#isDraining
  }

  /**
   * Runs what may wait, with a signal that ends the wait. `owner`: of a request that will wait for a query that
   * runs. Rejects with `es_rejected_execution_exception`, 429, when too many do already.
   */
  async during<T>(response: Response, owner: Owner | undefined, run: (wait: Wait) => Promise<T>): Promise<T> {
    const wait = this.begin(response, owner)
    try {
      return await run(wait)
    } finally {
      this.end(wait)
    }
  }

  /** Begins what may wait, for those who spare the functions of {@link during}. {@link end} has to follow. */
  begin(response: Response, owner: Owner | undefined): Wait {
    // While the process drains, nobody waits.
    const waiter = this.#isDraining ? undefined : owner
    if (waiter !== undefined) this.#places.add(waiter, 1)
    const wait = new Wait(response, waiter)
    if (this.#clients.isGone(response)) wait.onGone()
    else this.#clients.watch(response, wait)
    if (this.#isDraining) wait.abort()
    this.#waits.add(wait)
    this.#gauge?.add(1)
    return wait
  }

  /** Gives the place back: the store has answered, and a slow client is nobody's wait. */
  answered(wait: Wait): void {
    if (wait.owner !== undefined) this.#places.remove(wait.owner, 1)
    wait.owner = undefined
  }

  end(wait: Wait): void {
    this.#waits.delete(wait)
    this.#gauge?.add(-1)
    this.#clients.unwatch(wait.response, wait)
    this.answered(wait)
  }

  /** Ends all waits, those to come too. */
  drain(): void {
    this.#isDraining = true
    endInTurns(this.#waits, (wait) => wait.abort())
  }
}

/** Whom a request takes a place for: nobody, unless it will wait for a query that runs. */
export function waiterOf(owner: Owner, { waitForCompletionTimeoutMs }: WaitOptions): Owner | undefined {
  return waitForCompletionTimeoutMs > 0 ? owner : undefined
}

function tooMany({ of, used, limit }: Excess): QueryError {
  const who = of === 'owner' ? 'you have' : 'the server has'
  return new QueryError(
    'es_rejected_execution_exception',
    `rejected execution of async query: ${who} [${used}] requests waiting already, the limit is [${limit}]; ` +
      'ask with [wait_for_completion_timeout=0] or try again later',
  )
}
