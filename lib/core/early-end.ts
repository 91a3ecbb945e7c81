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

/** Ends at most once. Makes a signal only for who reads it. */
export class Ending implements EarlyEnd {
  aborted = false
  /** Nearly always there is one, so only a second one needs a set. */
  #listener: EarlyEndListener | undefined
  #others: Set<EarlyEndListener> | undefined
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
    for (const other of this.#others ?? []) other.handleEvent()
  }

  addEventListener(_type: 'abort', listener: EarlyEndListener): void {
    if (!this.#listener) this.#listener = listener
    else this.#others = (this.#others ?? new Set()).add(listener)
  }

  removeEventListener(_type: 'abort', listener: EarlyEndListener): void {
    if (this.#listener === listener) this.#listener = undefined
    else this.#others?.delete(listener)
  }
}

const EARLY_END = Symbol('earlyEnd')

interface Ended {
  [EARLY_END]: Ending | undefined
}

type SignalName = 'signal' | 'gone'

/** One for all objects: a getter of its own for each would take memory. */
const SIGNALS = { signal: signalNamed('signal'), gone: signalNamed('gone') }

function signalNamed(name: SignalName) {
  return {
    enumerable: true,
    configurable: true,
    get(this: Ended): AbortSignal | undefined {
      return this[EARLY_END]?.signal
    },
    /** A signal that somebody puts in its place counts from then on. */
    set(this: Ended, value: unknown): void {
      this[EARLY_END] = undefined
      Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true })
    },
  }
}

/**
 * Adds a signal: that of a wait for a store, or that of a query for its executor. Node.js makes it when it is first read, which takes
 * longer than all else of a wait. Our own stores listen to the wait itself.
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

function withReader(object: object, name: SignalName, ending: Ending): object {
  // Not enumerable: a store that copies an object may change the signal of its copy.
  Object.defineProperty(object, EARLY_END, { value: ending, writable: true })
  return Object.defineProperty(object, name, SIGNALS[name])
}
