import type { Response } from 'express'
import type { Owner } from '../core/caller'
import { QueryError } from '../core/errors'
import type { Counter, Meter } from '../core/meter'
import type { Excess } from '../core/quota'
import { Quota } from '../core/quota'
import { endInTurns } from '../core/turns'
import type { Disconnects, Watcher } from './disconnects'

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
  /** Made for those who ask for it: most waits do without. */
  #gone: AbortController | undefined

  constructor(response: Response, owner: Owner | undefined) {
    super()
    this.response = response
    this.owner = owner
  }

  /** Fires when the client goes away, and not when the process drains. */
  get gone(): AbortSignal {
    if (!this.#gone) {
      this.#gone = new AbortController()
      if (this.isAbandoned) this.#gone.abort()
    }
    return this.#gone.signal
  }

  onGone(): void {
    this.isAbandoned = true
    this.abort()
    this.#gone?.abort()
  }
}

/** How many requests may wait at a time, in all and of one owner. */
export interface WaitLimits {
  maxWaits: number
  maxWaitsPerOwner: number
}

/** Every request of a router that may be waiting, so that a drain can answer them all. */
export class Waits {
  readonly #disconnects: Disconnects
  readonly #places: Quota
  readonly #waits = new Set<Wait>()
  readonly #gauge: Counter | undefined
  #isDraining = false

  constructor(disconnects: Disconnects, { maxWaits, maxWaitsPerOwner }: WaitLimits, meter?: Meter) {
    this.#disconnects = disconnects
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
   * Begins what may wait; {@link end} has to follow. `owner`: of a request that will wait for a query that runs.
   *
   * Throws `es_rejected_execution_exception`, 429, when too many wait already.
   */
  begin(response: Response, owner: Owner | undefined): Wait {
    // While the process drains, nobody waits.
    const waiter = this.#isDraining ? undefined : owner
    if (waiter !== undefined) this.#places.add(waiter, 1)
    const wait = new Wait(response, waiter)
    if (this.#disconnects.isGone(response)) wait.onGone()
    else this.#disconnects.watch(response, wait)
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
    this.#disconnects.unwatch(wait.response, wait)
    this.answered(wait)
  }

  /** Ends all waits, those to come too. */
  drain(): void {
    this.#isDraining = true
    endInTurns(this.#waits, (wait) => wait.abort())
  }
}

function tooMany({ of, used, limit }: Excess): QueryError {
  const who = of === 'owner' ? 'you have' : 'the server has'
  return new QueryError(
    'es_rejected_execution_exception',
    `rejected execution of async query: ${who} [${used}] requests waiting already, the limit is [${limit}]; ` +
      'ask with [wait_for_completion_timeout=0] or try again later',
  )
}
