import type { Clock } from '../../core/clock'
import { Waits } from '../execution/waits'
import type { Ledger } from './ledger'
import type { Listener } from './listener'

/**
 * What one process tells the others about a query. They are hints: each makes somebody look into the tables at once who would
 * have done so soon.
 */
const VERBS = [
  /** Its outcome is there, or it is there no more. */
  'done',
  /** Somebody elsewhere wants it to stop. */
  'stop',
  /** Somebody elsewhere has deleted it. */
  'gone',
  /** It was deleted, and its executor has ended. */
  'ended',
  /** Somebody elsewhere has moved its expiry to an earlier time. */
  'moved',
  /** Its process has left it to others. */
  'left',
] as const

export type Verb = (typeof VERBS)[number]

/** Hints that go out in one statement. */
const MOST_AT_ONCE = 1_000

/** How often to ask the tables, in milliseconds: while hints come, and without them. */
const HEARING_POLL_MS = 2_000
const DEAF_POLL_MS = 250

/** What the hints of other processes bring about here. */
export interface HintTaker {
  /** A query runs no more. */
  over(key: Buffer): void
  /** Others may want something of a query that runs here. `isMoved`: just that it ends earlier. */
  look(key: Buffer, isMoved: boolean): void
  /** There are queries that nobody runs. */
  adopt(): void
  /** Hints may have been missed. */
  catchUp(): void
}

/** Hints from and to other processes. */
export class Hints {
  readonly #ledger: Ledger
  readonly #listener: Listener
  readonly #taker: HintTaker
  readonly #clock: Clock
  readonly #pollMs: number | undefined
  #unsent: string[] = []
  #sending: Promise<void> | undefined
  /** Deletes that wait for executors elsewhere. */
  readonly #interruptions = new Map<string, Waits>()

  constructor(
    ledger: Ledger,
    listener: Listener,
    taker: HintTaker,
    { clock, pollMs }: { clock: Clock; pollMs: number | undefined },
  ) {
    this.#ledger = ledger
    this.#listener = listener
    this.#taker = taker
    this.#clock = clock
    this.#pollMs = pollMs
  }

  /** How often to ask the tables, which tell the truth, at this moment. */
  get pollMs(): number {
    return this.#pollMs ?? (this.#listener.hears ? HEARING_POLL_MS : DEAF_POLL_MS)
  }

  /** How often any process asks at least, since all have the same `pollMs`. */
  get longestPollMs(): number {
    return Math.max(this.#pollMs ?? 0, HEARING_POLL_MS)
  }

  /** From now on, hints are heard. */
  listen(): void {
    this.#listener.start({
      notify: (payload) => this.#ledger.notifyThroughPool(payload),
      onConnected: () => this.#taker.catchUp(),
      onNotification: (payload) => this.#take(payload),
    })
  }

  /** Never inside of another statement: commits with a NOTIFY wait for each other. Those of a moment go out in one. */
  send(verb: Verb, key: Buffer): void {
    this.#unsent.push(`${verb}:${key.toString('base64url')}`)
    this.#sending ??= this.#send()
  }

  /** Resolves when the executor of a query that is deleted has ended, as far as its process can tell in time. */
  async untilInterrupted(key: Buffer, ms: number): Promise<void> {
    if (!this.#listener.hears) return
    const name = key.toString('latin1')
    const waits = this.#interruptions.get(name) ?? new Waits(this.#clock)
    this.#interruptions.set(name, waits)
    await waits.wait({ waitForCompletionTimeoutMs: ms })
    if (waits.isEmpty) this.#interruptions.delete(name)
  }

  /** Resolves when all hints are sent. */
  async close(): Promise<void> {
    for (const waits of this.#interruptions.values()) waits.end()
    await this.#sending
    this.#listener.close()
  }

  #take(payload: string): void {
    const [word, text = ''] = payload.split(':')
    const verb = VERBS.find((known) => known === word)
    // Others may send on the same channel.
    if (!verb) return
    const key = Buffer.from(text, 'base64url')
    if (verb === 'left') this.#taker.adopt()
    else if (verb === 'ended') this.#interruptions.get(key.toString('latin1'))?.end()
    else {
      if (verb === 'done' || verb === 'gone') this.#taker.over(key)
      // Also when it is done: another process may have taken this one for lost.
      this.#taker.look(key, verb === 'moved')
    }
  }

  async #send(): Promise<void> {
    while (this.#unsent.length > 0) {
      // Who misses a hint finds out by asking.
      await this.#ledger.notify(this.#unsent.splice(0, MOST_AT_ONCE)).catch(() => {})
    }
    this.#sending = undefined
  }
}
