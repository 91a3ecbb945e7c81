import type { WaitOptions } from './operations'
import type { WireRequest } from './pass-through'

/** What fires when a wait ends early. An `AbortSignal` is one, which takes a kilobyte as soon as somebody listens to it. */
export interface EarlyEnd {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: EarlyEndListener): void
  removeEventListener(type: 'abort', listener: EarlyEndListener): void
}

export interface EarlyEndListener {
  handleEvent(): void
}

/** Ends at most once. Nearly always there is one listener, so that only a second one, or a reader of the signal, makes a signal. */
export class Ending implements EarlyEnd {
  aborted = false
  #listener: EarlyEndListener | undefined
  #controller: AbortController | undefined

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      if (this.aborted) this.#controller.abort()
    }
    return this.#controller.signal
  }

  /** `reason`: that of the signal. */
  abort(reason?: unknown): void {
    if (this.aborted) return
    if (reason !== undefined) this.#controller ??= new AbortController()
    this.aborted = true
    this.#controller?.abort(reason)
    this.#listener?.handleEvent()
  }

  addEventListener(type: 'abort', listener: EarlyEndListener): void {
    if (this.#listener) this.signal.addEventListener(type, listener)
    else this.#listener = listener
  }

  removeEventListener(type: 'abort', listener: EarlyEndListener): void {
    if (this.#listener === listener) this.#listener = undefined
    else this.#controller?.signal.removeEventListener(type, listener)
  }
}

const EARLY_END = Symbol('earlyEnd')

interface Ended {
  [EARLY_END]: Ending
}

/** Of all options, and of all requests. A getter of its own for each would take memory. */
const READ_SIGNAL = {
  enumerable: true,
  configurable: true,
  get(this: Ended): AbortSignal {
    return this[EARLY_END].signal
  },
}

/**
 * Gives options for a store the signal of a wait. Node.js makes a signal when it is first read, which takes longer than all else of a
 * wait. Our own stores listen to the wait itself.
 */
export function withSignal<Options extends object>(
  options: Options,
  ending: Ending,
): Options & { signal: AbortSignal } {
  return withReader(options, 'signal', ending) as Options & { signal: AbortSignal }
}

export function earlyEndOf(options: WaitOptions & { [EARLY_END]?: EarlyEnd }): EarlyEnd | undefined {
  return options[EARLY_END] ?? options.signal
}

/** The same for what tells a store in front of another server that the client has gone. */
export function withGone(wire: Omit<WireRequest, 'gone'>, gone: Ending): WireRequest {
  return withReader(wire, 'gone', gone) as WireRequest
}

export function goneOf(wire: (WireRequest & { [EARLY_END]?: EarlyEnd }) | undefined): EarlyEnd | undefined {
  return wire && (wire[EARLY_END] ?? wire.gone)
}

function withReader(object: object, name: 'signal' | 'gone', ending: Ending): object {
  // Not enumerable: a store that copies an object may change the signal of its copy.
  Object.defineProperty(object, EARLY_END, { value: ending })
  return Object.defineProperty(object, name, READ_SIGNAL)
}
