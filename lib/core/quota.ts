import type { Owner } from './caller'
import type { QueryError } from './errors'

/** How much there may be of something, in all and of one owner. */
export interface QuotaLimits {
  max: number
  maxPerOwner: number
}

/** A limit that something more would break. */
export interface Excess {
  /** Whose limit it is: that of the owner, or that of all owners together. */
  of: 'owner' | 'all'
  /** What is counted so far. */
  used: number
  /** What it would be. */
  wanted: number
  limit: number
}

/** Counts what owners hold and refuses what would be too much, so that no owner alone keeps all others out. */
export class Quota {
  readonly #limits: QuotaLimits
  readonly #refusal: (excess: Excess) => QueryError
  readonly #owners = new Map<Owner, number>()
  #total = 0

  /** `refusal`: the error that tells a client which limit it has reached. */
  constructor(limits: QuotaLimits, refusal: (excess: Excess) => QueryError) {
    this.#limits = limits
    this.#refusal = refusal
  }

  /** Throws the refusal when there is no room. Nothing is counted then. */
  add(owner: Owner, amount: number): void {
    this.assertRoom(owner, amount)
    this.#change(owner, amount)
  }

  remove(owner: Owner, amount: number): void {
    this.#change(owner, -amount)
  }

  /** Throws as {@link add} would. */
  assertRoom(owner: Owner, amount: number): void {
    const { max, maxPerOwner } = this.#limits
    const own = this.#owners.get(owner) ?? 0
    this.#assertBelow('owner', own, amount, maxPerOwner)
    this.#assertBelow('all', this.#total, amount, max)
  }

  #assertBelow(of: Excess['of'], used: number, amount: number, limit: number): void {
    const wanted = used + amount
    if (wanted > limit) throw this.#refusal({ of, used, wanted, limit })
  }

  #change(owner: Owner, amount: number): void {
    const own = (this.#owners.get(owner) ?? 0) + amount
    this.#total += amount
    // Owners who hold nothing leave no trace, or the map would grow with everybody who ever came by.
    if (own === 0) this.#owners.delete(owner)
    else this.#owners.set(owner, own)
  }
}
