import type { Clock } from '../../core/clock'
import type { JournalFilter } from '../journal-entry'
import type { Visit } from '../visit'

/** Which requests meet a fault. */
export interface FaultOptions {
  /** How many requests meet it, one after the other. @default 1, or every one with `share` */
  times?: number
  /** Only requests whose journal entry is like this: `{ query: 'FROM logs' }`, `{ owner: 'Basic alice' }`. @default all */
  of?: JournalFilter
  /** The share of requests that meet it, from 0 to 1. `seed` decides which, and so they are the same in each run. @default 1 */
  share?: number
  /** Another number gives another choice for `share`. @default 1 */
  seed?: number
}

/** Something that goes wrong with a request: what the functions of this entry make, for {@link Double.fault}. */
export interface Fault {
  /** The word for it in the journal. */
  readonly name: string
  readonly options: FaultOptions
}

/** What a fault has to do with one request. */
export interface Scene {
  readonly visit: Visit
  readonly clock: Clock
}

/** A fault with what it does. */
export interface StrikingFault extends Fault {
  /** Does it. Resolves with whether the request is served after that. Throws the error that the client gets instead. */
  readonly strike: (scene: Scene) => boolean | Promise<boolean>
}

export function isStriking(fault: Fault): fault is StrikingFault {
  return typeof Object(fault).strike === 'function'
}
