import type { JournalEntry } from '../journal-entry'
import { fitsEntry } from '../journal-entry'
import type { DoubleOperation } from '../operations'
import { DOUBLE_OPERATIONS } from '../operations'
import type { Fault, StrikingFault } from './fault'
import { isStriking } from './fault'

interface Planned {
  readonly operation: DoubleOperation
  readonly fault: StrikingFault
  readonly times: number
  readonly isChosen: () => boolean
  struck: number
}

/** The faults that are to come. */
export class PlannedFaults {
  #planned: Planned[] = []

  add(operation: DoubleOperation, fault: Fault, given?: number): void {
    if (!isStriking(fault)) throw new TypeError('a fault is what `reset()`, `lose()` and the like return')
    const { options } = fault
    if (!DOUBLE_OPERATIONS.includes(operation)) {
      throw new TypeError(
        `there is no operation \`${operation}\`; the operations are ${DOUBLE_OPERATIONS.join(', ')}`,
      )
    }
    const times = given ?? options.times ?? (options.share === undefined ? 1 : Number.POSITIVE_INFINITY)
    if (!(times >= 1)) throw new TypeError(`a fault comes true a number of times, not \`${times}\``)
    this.#planned.push({ operation, fault, times, isChosen: choice(options.share, options.seed), struck: 0 })
  }

  /** The fault that a request meets: the first one that is for it. */
  take(entry: JournalEntry): StrikingFault | undefined {
    for (const planned of this.#planned) {
      const { operation, fault, times, isChosen } = planned
      if (operation !== entry.operation || planned.struck >= times) continue
      if (!fitsEntry(entry, fault.options.of ?? {}) || !isChosen()) continue
      planned.struck += 1
      return fault
    }
    return undefined
  }

  /** What a test has announced and no request has met. */
  get unmet(): string[] {
    return this.#planned
      .filter(({ fault, struck, times }) =>
        Number.isFinite(times) ? struck < times : struck === 0 && fault.options.share === undefined,
      )
      .map(({ operation, fault, struck, times }) => {
        const expected = Number.isFinite(times) ? `${struck} of ${times} times` : 'never'
        return `the fault ${fault.name} of ${operation} came true ${expected}`
      })
  }

  forget(): void {
    this.#planned = []
  }
}

/** Chooses a share of requests, the same ones for the same seed. */
function choice(share = 1, seed = 1): () => boolean {
  if (!(share >= 0 && share <= 1)) throw new TypeError(`a share is a number from 0 to 1, not \`${share}\``)
  if (share === 1) return () => true
  let state = seed >>> 0
  // Mulberry32.
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 < share
  }
}
