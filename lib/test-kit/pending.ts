import assert from 'node:assert/strict'

/** Resolves or rejects as `promise` does, or with an assertion error when that takes too long. */
export function within<T>(patienceMs: number, what: string, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const message = `${what} has not settled within ${patienceMs} ms`
    const timer = setTimeout(() => reject(new assert.AssertionError({ message })), patienceMs)
    promise.finally(() => clearTimeout(timer)).then(resolve, reject)
  })
}

/** A call that is under way, and may be meant to be. */
export class Pending<T> {
  readonly #what: string
  readonly #promise: Promise<T>
  readonly #patienceMs: number
  #isSettled = false

  constructor(what: string, promise: Promise<T>, patienceMs: number) {
    this.#what = what
    this.#promise = promise
    this.#patienceMs = patienceMs
    const onSettled = (): void => {
      this.#isSettled = true
    }
    promise.then(onSettled, onSettled)
  }

  assertPending(): void {
    assert.ok(!this.#isSettled, `${this.#what} has settled too early`)
  }

  /** What the call comes to, which is now due. */
  end(): Promise<T> {
    return within(this.#patienceMs, this.#what, this.#promise)
  }
}
