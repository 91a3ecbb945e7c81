import type { EventEmitter } from 'node:events'
import type { Response } from 'express'

/** Wants to know when a client goes away. */
export interface Watcher {
  /** Called once, when the client goes away before the response is done. */
  onGone(): void
}

/**
 * Notices when the clients at the other end of responses go away.
 *
 * A response alone does not tell: of the requests that a client has pipelined, only the response whose turn it is
 * hears of the end of the connection. For the others, the connection is listened to, once for all of them.
 */
export class Disconnects {
  /** There is one watcher nearly always, so a set is made only for the second. */
  readonly #watchers = new WeakMap<EventEmitter, Watcher | Set<Watcher>>()
  readonly #onClose: (this: EventEmitter) => void

  constructor() {
    const tell = (place: EventEmitter): void => this.#tell(place)
    // One function for all places: a closure for each wait would be most of what a wait takes here.
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
    // Meanwhile its turn may have come.
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
    // A response closes also when all of it has been sent.
    if (isResponse(place) && place.writableFinished) return
    if (known instanceof Set) for (const watcher of known) watcher.onGone()
    else known?.onGone()
  }
}

function isResponse(place: EventEmitter): place is Response {
  return 'req' in place
}

/** A response whose turn has not come has no connection, and hears nothing of its end. */
function placeOf(response: Response): EventEmitter {
  return response.socket === null ? response.req.socket : response
}
