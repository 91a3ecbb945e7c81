import type { Owner } from './caller'
import type { QueryError } from './errors'

/** The limit that an addition would exceed. */
export interface Excess {
  /** The limit of one owner, or that of all owners together. */
  of: 'owner' | 'all'
  /** The amount before the addition, and after it. */
  used: number
  wanted: number
  limit: number
}

/** Counts an amount for each owner and in all, and refuses what exceeds a limit: no owner can use up everything. */
export class Quota {
  readonly #max: number
  readonly #maxPerOwner: number
  readonly #refusal: (excess: Excess) => QueryError
  readonly #owners = new Map<Owner, number>()
  #total = 0

  /** `refusal` makes the error that names the limit to the client. */
  constructor(limits: { max: number; maxPerOwner: number }, refusal: (excess: Excess) => QueryError) {
    this.#max = limits.max
    this.#maxPerOwner = limits.maxPerOwner
    this.#refusal = refusal
  }

  /** Throws the refusal if this exceeds a limit, and counts nothing then. */
  add(owner: Owner, amount: number): void {
    this.assertRoom(owner, amount)
    this.#change(owner, amount)
  }

  remove(owner: Owner, amount: number): void {
    this.#change(owner, -amount)
  }

  /** Throws as {@link add} would. */
  assertRoom(owner: Owner, amount: number): void {
    this.#assertBelow('owner', this.#owners.get(owner) ?? 0, amount, this.#maxPerOwner)
    this.#assertBelow('all', this.#total, amount, this.#max)
  }

  /** Whether the limit of all owners leaves room for this. */
  hasRoom(amount: number): boolean {
    return this.#total + amount <= this.#max
  }

  #assertBelow(of: Excess['of'], used: number, amount: number, limit: number): void {
    const wanted = used + amount
    if (wanted > limit) throw this.#refusal({ of, used, wanted, limit })
  }

  #change(owner: Owner, amount: number): void {
    const own = (this.#owners.get(owner) ?? 0) + amount
    this.#total += amount
    // Without this, the map would grow with every owner who was ever counted.
    if (own === 0) this.#owners.delete(owner)
    else this.#owners.set(owner, own)
  }
}
