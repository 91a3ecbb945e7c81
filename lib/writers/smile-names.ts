const MAX_NAMES = 1024

/** The names that a SMILE document has had so far, for the short references to them. Readers count them too. */
export class SmileNames {
  readonly #references = new Map<string, number>()
  #count = 0

  /** The number to refer to a name by. Remembers the name where there is none: it is to be written in full. */
  referenceTo(name: string): number | undefined {
    const reference = this.#references.get(name)
    if (reference === undefined && name !== '') this.#add(name)
    return reference
  }

  #add(name: string): void {
    if (this.#count === MAX_NAMES) {
      this.#references.clear()
      this.#count = 0
    }
    // These two bytes mark ends in a stream, so a reference must not have them in it.
    const lowByte = this.#count & 0xff
    if (lowByte < 0xfe) this.#references.set(name, this.#count)
    this.#count++
  }
}
