/** Ends a wait early. Shared by every method that waits. */
export interface WaitOptions {
  /**
   * How long to wait for completion before answering with what there is, in milliseconds. `0` answers at once,
   * `Infinity` waits until the query completes.
   */
  waitForCompletionTimeoutMs: number
  /**
   * Ends the wait when it fires, as if the time had passed: the client went away, or the process drains. It
   * neither stops the query nor makes the method reject.
   */
  signal?: AbortSignal
}

export interface SubmitOptions extends WaitOptions {
  /** How long the query and its result are kept, in milliseconds from now. Zero and below: it expires at once. */
  keepAliveMs: number
  /** Keep the result although the query finished within the wait. */
  keepOnCompletion: boolean
}

export interface GetOptions extends WaitOptions {
  /** Moves the expiry to now + this many milliseconds, before the wait begins. Left out, zero or below: it stays. */
  keepAliveMs?: number
}

export interface DeleteOptions {
  /** The caller may delete other owners' queries too. */
  anyOwner?: boolean
}
