import type { Clock } from '../../core/clock'

/** Some time that may be cut short. A pause in the `background` does not keep the process alive. */
export class Pause {
  readonly over: Promise<void>
  isCutShort = false
  /** Ends it now. */
  end = (): void => {}

  constructor(clock: Clock, ms: number, options: { background: boolean }) {
    this.over = new Promise((resolve) => {
      const cancelTimer = clock.setTimer(resolve, ms, options)
      this.end = () => {
        cancelTimer()
        this.isCutShort = true
        resolve()
      }
    })
  }
}

/** How long to wait before the next attempt, in milliseconds: at first, and at most. */
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 2_000

/** The pauses between attempts to reach a database that is away: each is twice as long as the one before. */
export class BackOff {
  readonly #clock: Clock
  readonly #options: { background: boolean }
  readonly #pauses = new Set<Pause>()
  #isEnded = false

  constructor(clock: Clock, options: { background: boolean }) {
    this.#clock = clock
    this.#options = options
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  /** The pause after so many failures in a row. */
  async pause(failures: number): Promise<void> {
    if (this.#isEnded) return
    const ms = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS)
    const pause = new Pause(this.#clock, ms, this.#options)
    this.#pauses.add(pause)
    await pause.over
    this.#pauses.delete(pause)
  }

  /** Ends all pauses now, and each later one at once. */
  end(): void {
    this.#isEnded = true
    for (const pause of this.#pauses) pause.end()
  }
}
