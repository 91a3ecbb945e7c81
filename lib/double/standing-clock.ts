import { ManualClock } from '../test-kit/manual-clock'

/**
 * The clock of a double that stands still. What falls due while it moves is answered when it stands again: a client that goes
 * on at once, with its next request, does so at the end of the step and not somewhere in the middle.
 */
export class StandingClock extends ManualClock {
  #moving: Promise<void> | undefined

  override advance(ms: number): Promise<void> {
    const before = this.#moving?.catch(() => {}) ?? Promise.resolve()
    const moving = before.then(() => super.advance(ms))
    this.#moving = moving
    return moving.finally(() => {
      if (this.#moving === moving) this.#moving = undefined
    })
  }

  /** Resolves when the clock does not move. */
  async stands(): Promise<void> {
    while (this.#moving) await this.#moving
  }
}
