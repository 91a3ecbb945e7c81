import type { Clock } from '../../core/clock'

/** Some time that may be cut short. */
export class Pause {
  readonly over: Promise<void>
  isCutShort = false
  /** Ends it now. */
  end = (): void => {}

  constructor(clock: Clock, ms: number) {
    this.over = new Promise((resolve) => {
      const cancelTimer = clock.setTimer(resolve, ms, { background: true })
      this.end = () => {
        cancelTimer()
        this.isCutShort = true
        resolve()
      }
    })
  }
}
