/**
 * Names in a SMILE document that can be referred to by number. Readers number the names they come across, and
 * not all of them in the same way, so that only the first ones can be relied on: every reader numbers short names
 * alike that it has not seen before.
 */
const MAX_REFERENCES = 254

/** Readers forget all names after so many, new ones or not. */
const MAX_NAMES = 1024

export class SmileNames {
  readonly #references = new Map<string, number>()
  #count = 0
  #isNumberedAlike = true

  referenceTo(name: string): number | undefined {
    return this.#references.get(name)
  }

  /** Counts a name that is written in full. Not all readers number the names that are written as `isLong`. */
  add(name: string, isLong: boolean): void {
    if (isLong || this.#count === MAX_REFERENCES) this.#isNumberedAlike = false
    if (this.#isNumberedAlike) this.#references.set(name, this.#count)
    this.#count++
    if (this.#count === MAX_NAMES) this.#references.clear()
  }
}
