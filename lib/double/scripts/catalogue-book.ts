import type { CatalogueEntry } from '../../catalogue/entry'
import type { Matcher, Question } from '../../catalogue/matching'
import { findEntry } from '../../catalogue/matching'
import type { Plan, Step } from './plan'

/** The queries of a catalogue file. */
export class CatalogueBook {
  readonly #entries: readonly CatalogueEntry[]
  readonly #keepsDelays: boolean
  /** How often each has been asked. */
  readonly #asked = new Map<CatalogueEntry, number>()

  /** `keepsDelays`: queries take the time that the file says. */
  constructor(entries: readonly CatalogueEntry[], keepsDelays: boolean) {
    this.#entries = entries
    this.#keepsDelays = keepsDelays
  }

  get matchers(): Matcher[] {
    return this.#entries.map(({ matcher }) => matcher)
  }

  take(question: Question): Plan | undefined {
    const entry = this.#find(question)
    if (!entry) return undefined
    const { outcomes, partial, delayMs } = entry
    const asked = this.#asked.get(entry) ?? 0
    this.#asked.set(entry, asked + 1)
    const reported: Step[] = partial ? [{ reports: partial }] : []
    const delayed: Step[] = this.#keepsDelays ? [{ runsForMs: delayMs }] : []
    return { steps: [...reported, ...delayed], ending: outcomes[asked] ?? outcomes.at(-1), warnings: [] }
  }

  keepAliveMs(question: Question): number | undefined {
    return this.#find(question)?.keepAliveMs
  }

  /** Begins again with the first answers. */
  forget(): void {
    this.#asked.clear()
  }

  #find(question: Question): CatalogueEntry | undefined {
    return findEntry(this.#entries, question)?.entry
  }
}
