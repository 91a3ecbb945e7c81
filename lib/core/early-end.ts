import type { WaitOptions } from './operations'

/** What fires when a wait ends early. An `AbortSignal` is one, which takes a kilobyte as soon as somebody listens to it. */
export interface EarlyEnd {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: EarlyEndListener): void
  removeEventListener(type: 'abort', listener: EarlyEndListener): void
}

export interface EarlyEndListener {
  handleEvent(): void
}

const EARLY_END = Symbol('earlyEnd')

/** Gives options what our own stores listen to in place of the signal, for waits of which there are tens of thousands. */
export function withEarlyEnd<Options extends WaitOptions>(options: Options, end: EarlyEnd): Options {
  // Not enumerable: a store that copies the options may change the signal of its copy.
  return Object.defineProperty(options, EARLY_END, { value: end })
}

export function earlyEndOf(options: WaitOptions & { [EARLY_END]?: EarlyEnd }): EarlyEnd | undefined {
  return options[EARLY_END] ?? options.signal
}
