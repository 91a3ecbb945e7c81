import type { EventEmitter } from 'node:events'
import type { Response } from 'express'

/** Something that reacts when a client goes away. */
export interface Watcher {
  /** `Disconnects` calls it once, when the client goes away before the response is sent. */
  onGone(): void
}

/**
 * Notices when clients go away.
 *
 * Listening to a response is not enough: of several pipelined requests, only the response whose turn it is gets an
 * event when the connection ends. For the others this class listens to the connection, once for all of them.
 */
export class Disconnects {
  /** Nearly always there is one watcher, so only a second one needs a set. */
  readonly #watchers = new WeakMap<EventEmitter, Watcher | Set<Watcher>>()
  readonly #onClose: (this: EventEmitter) => void

  constructor() {
    const tell = (place: EventEmitter): void => this.#tell(place)
    // One function for all places. A closure for each wait would cost more memory than all the rest here.
    this.#onClose = function () {
      tell(this)
    }
  }

  isGone(response: Response): boolean {
    return response.destroyed || response.req.socket.destroyed
  }

  watch(response: Response, watcher: Watcher): void {
    const place = placeOf(response)
    const known = this.#watchers.get(place)
    if (known instanceof Set) {
      known.add(watcher)
    } else if (known) {
      this.#watchers.set(place, new Set([known, watcher]))
    } else {
      this.#watchers.set(place, watcher)
      place.on('close', this.#onClose)
    }
  }

  unwatch(response: Response, watcher: Watcher): void {
    // The turn of the response may have come meanwhile, so it may be watched in either place.
    for (const place of [response, response.req.socket]) {
      const known = this.#watchers.get(place)
      if (known instanceof Set) known.delete(watcher)
      if (known === watcher || (known instanceof Set && known.size === 0)) {
        this.#watchers.delete(place)
        place.off('close', this.#onClose)
      }
    }
  }

  #tell(place: EventEmitter): void {
    const known = this.#watchers.get(place)
    this.#watchers.delete(place)
    // A response also closes when it has been sent. In HTTP/2, one that is cut off counts as finished too.
    if (isResponse(place) && place.writableEnded && place.writableFinished) return
    if (known instanceof Set) for (const watcher of known) watcher.onGone()
    else known?.onGone()
  }
}

function isResponse(place: EventEmitter): place is Response {
  return 'req' in place
}

/** Where to listen. A response whose turn has not come has no connection yet, and gets no event when that ends. */
function placeOf(response: Response): EventEmitter {
  return response.socket === null ? response.req.socket : response
}
