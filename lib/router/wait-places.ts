import type { Owner } from '../core/caller'
import { QueryError } from '../core/errors'

/** How many requests may wait at a time, in all and of one owner. */
export interface WaitLimits {
  maxWaits: number
  maxWaitsPerOwner: number
}

/** Counts who waits and refuses what would be too many. */
export class WaitPlaces {
  readonly #limits: WaitLimits
  readonly #owners = new Map<Owner, number>()
  #taken = 0

  constructor(limits: WaitLimits) {
    this.#limits = limits
  }

  /** Takes a place. Throws `es_rejected_execution_exception`, 429, when there is none. */
  take(owner: Owner): void {
    const { maxWaits, maxWaitsPerOwner } = this.#limits
    const own = this.#owners.get(owner) ?? 0
    if (own >= maxWaitsPerOwner) throw tooMany('you have', own, maxWaitsPerOwner)
    if (this.#taken >= maxWaits) throw tooMany('the server has', this.#taken, maxWaits)
    this.#taken += 1
    this.#owners.set(owner, own + 1)
  }

  leave(owner: Owner): void {
    const left = (this.#owners.get(owner) ?? 0) - 1
    this.#taken -= 1
    // Owners who do not wait leave no trace, or the map would grow with everybody who ever came by.
    if (left > 0) this.#owners.set(owner, left)
    else this.#owners.delete(owner)
  }
}

function tooMany(who: string, waits: number, limit: number): QueryError {
  return new QueryError(
    'es_rejected_execution_exception',
    `rejected execution of async query: ${who} [${waits}] requests waiting already, the limit is [${limit}]; ` +
      'ask with [wait_for_completion_timeout=0] or try again later',
  )
}
