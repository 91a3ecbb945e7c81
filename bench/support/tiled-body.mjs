/** A body that is large on the wire and small in memory: a head, the same tile again and again, a tail. */
export class TiledBody {
  #head
  #tile
  #tiles
  #tail

  constructor({ head, tile, tiles, tail }) {
    this.#head = Buffer.from(head)
    this.#tile = Buffer.from(tile)
    this.#tiles = tiles
    this.#tail = Buffer.from(tail)
  }

  get length() {
    return this.#tailAt + this.#tail.length
  }

  *chunks() {
    yield this.#head
    for (let sent = 0; sent < this.#tiles; sent++) yield this.#tile
    yield this.#tail
  }

  /** Compares as a Buffer does, so that a `Connection` can expect such a body. Tells only equal from different. */
  compare(bytes, start, end, at) {
    let position = at
    for (let from = start; from < end; ) {
      const { part, offset } = this.#partAt(position)
      const size = Math.min(part.length - offset, end - from)
      if (size <= 0 || part.compare(bytes, from, from + size, offset, offset + size) !== 0) return 1
      from += size
      position += size
    }
    return 0
  }

  get #tailAt() {
    return this.#head.length + this.#tiles * this.#tile.length
  }

  #partAt(position) {
    if (position < this.#head.length) return { part: this.#head, offset: position }
    if (position >= this.#tailAt) return { part: this.#tail, offset: position - this.#tailAt }
    return { part: this.#tile, offset: (position - this.#head.length) % this.#tile.length }
  }
}
