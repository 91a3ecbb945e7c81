import { AsyncLocalStorage } from 'node:async_hooks'
import type { Request, Response } from 'express'
import type { Clock } from '../core/clock'
import type { JournalEntry } from './journal-entry'
import { Visit } from './visit'

/** Every request of a double, in the order of their arrival. */
export class Journal {
  readonly #clock: Clock
  readonly #onChange: () => void
  readonly #current = new AsyncLocalStorage<Visit>()
  /** Those whose answer has not ended. */
  readonly open = new Set<Visit>()
  #entries: JournalEntry[] = []

  constructor(clock: Clock, onChange: () => void) {
    this.#clock = clock
    this.#onChange = onChange
  }

  get entries(): readonly JournalEntry[] {
    return this.#entries
  }

  /** The request in whose course this is called. */
  get current(): Visit | undefined {
    return this.#current.getStore()
  }

  /** Begins the entry of a request, and goes on within it. */
  arrive(request: Request, response: Response, goOn: (visit: Visit) => void): void {
    const visit = new Visit(request, response, this.#clock, this.#onChange)
    this.#entries.push(visit.entry)
    this.open.add(visit)
    response.once('close', () => {
      this.open.delete(visit)
      visit.leave()
    })
    this.#current.run(visit, () => goOn(visit))
  }

  /** Forgets all entries. What a fault holds back would otherwise go on in the next test. */
  forget(): void {
    for (const visit of this.open) visit.release()
    this.#entries = []
  }
}
