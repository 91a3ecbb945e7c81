import type { Idempotency } from '../../core/idempotency'
import { queryKey } from './encoding'
import type { Ledger } from './ledger'
import { KeyTaken } from './ledger'
import type { KnownQuery } from './rows'

/** Submits with a key: the first one starts a query, and those that repeat it find that query. */
export class KeyedSubmits {
  readonly #ledger: Ledger
  /** The last submit of each key that is under way in this process. One that repeats it must not count against limits. */
  readonly #underWay = new Map<string, Promise<unknown>>()

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  /** Calls `start` unless the key is known. It throws {@link KeyTaken} where another process was faster. */
  async once<Query extends KnownQuery>(
    owner: string,
    idempotency: Idempotency,
    start: () => Promise<Query>,
  ): Promise<Query | KnownQuery> {
    const name = queryKey(owner, idempotency.key).toString('latin1')
    const before = this.#underWay.get(name)
    const finding = Promise.resolve(before?.catch(() => {})).then(() => this.#find(owner, idempotency, start))
    this.#underWay.set(name, finding)
    try {
      return await finding
    } finally {
      if (this.#underWay.get(name) === finding) this.#underWay.delete(name)
    }
  }

  async #find<Query extends KnownQuery>(
    owner: string,
    idempotency: Idempotency,
    start: () => Promise<Query>,
  ): Promise<Query | KnownQuery> {
    for (;;) {
      const known = await this.#ledger.findKeyed(owner, idempotency)
      if (known) return known
      try {
        return await start()
      } catch (error) {
        if (!(error instanceof KeyTaken)) throw error
      }
    }
  }
}
