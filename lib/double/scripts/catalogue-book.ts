import type { CatalogueEntry } from '../../catalogue/entry'
import type { Matcher } from '../../catalogue/matching'
import { findEntry, Question } from '../../catalogue/matching'
import { illegalArgument } from '../../core/errors'
import { messageOf } from '../../core/message-of'
import type { Redactor } from '../../record/redaction'
import type { Plan, Step } from './plan'

/** The queries of a catalogue file. */
export class CatalogueBook {
  readonly #entries: readonly CatalogueEntry[]
  readonly #keepsDelays: boolean
  readonly #redactor: Redactor
  /** How often each has been asked. */
  readonly #asked = new Map<CatalogueEntry, number>()

  /** `keepsDelays`: queries take the time that the file says. `redactor`: what is asked is compared as it is recorded. */
  constructor(entries: readonly CatalogueEntry[], keepsDelays: boolean, redactor: Redactor) {
    this.#redactor = redactor
    this.#entries = entries
    this.#keepsDelays = keepsDelays
  }

  get matchers(): Matcher[] {
    return this.#entries.map(({ matcher }) => matcher)
  }

  /** What cannot be redacted is not known. A recorder that is asked in place of the catalogue says why. */
  knows(question: Question): boolean {
    try {
      return this.#find(question) !== undefined
    } catch {
      return false
    }
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

  /** Throws a `QueryError` if the redaction fails. */
  #find(question: Question): CatalogueEntry | undefined {
    return findEntry(this.#entries, this.#redacted(question))?.entry
  }

  #redacted(question: Question): Question {
    if (this.#redactor.isIdle) return question
    try {
      return new Question(this.#redactor.question(question.asked))
    } catch (cause) {
      throw illegalArgument(`the redaction failed: ${messageOf(cause)}`, { cause })
    }
  }
}
