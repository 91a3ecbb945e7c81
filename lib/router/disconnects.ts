import type { EventEmitter } from 'node:events'
import type { Response } from 'express'
import { sharedConnection } from '../core/connection'

/** Something that reacts when a client goes away. */
export interface Watcher {
  readonly response: Response
  /** Where `Disconnects` listens for it. */
  place: EventEmitter | undefined
  /** `Disconnects` calls it once, when the client goes away before the response is sent. */
  onGone(): void
}

/**
 * Notices when clients go away.
 *
 * Of several pipelined requests, only the response whose turn it is gets an event when the connection ends. So this class listens to
 * the connection of HTTP/1, once for all of its requests. That is also cheaper: Express makes each response an object of its own
 * shape, and V8 then looks up each of its properties anew.
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

  watch(watcher: Watcher): void {
    const place = placeOf(watcher.response)
    watcher.place = place
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

  unwatch(watcher: Watcher): void {
    const { place } = watcher
    if (!place) return
    watcher.place = undefined
    const known = this.#watchers.get(place)
    if (known instanceof Set) known.delete(watcher)
    if (known === watcher || (known instanceof Set && known.size === 0)) {
      this.#watchers.delete(place)
      place.off('close', this.#onClose)
    }
  }

  #tell(place: EventEmitter): void {
    const known = this.#watchers.get(place)
    this.#watchers.delete(place)
    for (const watcher of known instanceof Set ? known : known ? [known] : []) {
      // A response also closes when it has been sent. In HTTP/2, one that is cut off counts as finished too.
      const { writableEnded, writableFinished } = watcher.response
      if (!(writableEnded && writableFinished)) watcher.onGone()
    }
  }
}

/** Where to listen: in HTTP/2 and on hosts without a real connection, to the response, unless its turn has not come. */
function placeOf(response: Response): EventEmitter {
  if (response.socket === null) return response.req.socket
  return sharedConnection(response.req) ?? response
}
