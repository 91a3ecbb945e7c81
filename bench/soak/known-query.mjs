import { rowsWhenStopped } from './engine.mjs'

/** Clocks of two processes differ, and timers are late. */
const SLACK_MS = 250

/**
 * What a client knows of a query that it has submitted, and so which answers are right. Where that depends on what
 * happens at the same time, both are right.
 */
export class KnownQuery {
  id
  generation
  hasEnded = false
  /** An answer has said that its process is gone. */
  isLost = false
  /** The owner has asked for a stop. */
  isStopped = false
  /** The owner waits for the answer to a get that moves the expiry. */
  isExtending = false
  #deletion = 'none'
  #expiresAfterMs
  #expiresBeforeMs = Number.POSITIVE_INFINITY

  /** A query that its owner is about to submit. */
  constructor({ target, owner, mark, rows, runMs, outcome, keepAliveMs }) {
    Object.assign(this, { target, owner, mark, rows, runMs, outcome, keepAliveMs })
    this.#expiresAfterMs = performance.now() + keepAliveMs
  }

  /** The gateway has answered the submit. */
  accepted(id, generation) {
    this.id = id
    this.generation = generation
    this.#expiresBeforeMs = performance.now() + this.keepAliveMs
  }

  /** A get begins that moves the expiry. Returns a function. Call it with the status of the answer, if any. */
  extend(keepAliveMs) {
    const beganMs = performance.now()
    this.isExtending = true
    this.#expiresAfterMs = Math.min(this.#expiresAfterMs, beganMs + keepAliveMs)
    return (status) => {
      this.isExtending = false
      if (status === 404) return
      // Nobody can tell whether a get without a result has moved it, and when.
      this.#expiresBeforeMs = status === 200 ? performance.now() + keepAliveMs : Number.POSITIVE_INFINITY
      if (status === 200) this.#expiresAfterMs = beganMs + keepAliveMs
    }
  }

  /** A delete begins. Returns a function. Call it when the gateway has acknowledged the delete. */
  delete() {
    this.#deletion = 'begun'
    return () => {
      this.#deletion = 'done'
    }
  }

  get isDeleting() {
    return this.#deletion !== 'none'
  }

  /** Whether it may have expired or been deleted by now. */
  mayHaveEndedEarly() {
    return this.isDeleting || performance.now() >= this.#expiresAfterMs
  }

  /** Whether an answer that comes now to a request of the moment `sent` may say that there is no such query. */
  mayBeGone(target, sent) {
    const mayBeForgotten = target.forgets && (sent.generation !== this.generation || !target.wasUpSince(sent))
    return mayBeForgotten || this.mayHaveEndedEarly()
  }

  /** Whether a request of the moment `sent` cannot find it. */
  mustBeGone(target, sent) {
    const isForgotten = target.forgets && sent.isUp && sent.generation > this.generation
    const isExpired = !this.isExtending && sent.atMs > this.#expiresBeforeMs + SLACK_MS
    return isForgotten || isExpired || this.#deletion === 'done'
  }

  /** Whether a kill may have taken the process that runs it. */
  mayBeLost() {
    const { generation, isUp } = this.target.moment()
    return this.target.store === 'postgres' && (!isUp || generation > this.generation)
  }

  /** A query that is stopped when its process was killed completes without rows. */
  mayHaveNoRows(count = 0) {
    return count === 0 && this.isStopped && this.mayBeLost()
  }

  /** Whether a result may have so many rows. */
  mayHaveRows(count, isPartial) {
    if (isPartial)
      return this.isStopped && (count === rowsWhenStopped(this.rows) || this.mayHaveNoRows(count))
    return count === this.rows && this.outcome === 'completes'
  }

  toJSON() {
    const { target, generation, id, owner, mark, rows, runMs, outcome, hasEnded, isLost, isStopped } = this
    const expires = [this.#expiresAfterMs, this.#expiresBeforeMs].map((atMs) =>
      Math.round(atMs - performance.now()),
    )
    const about = { generation, id, owner, mark, rows, runMs, outcome, hasEnded, isLost, isStopped }
    return { target: target.name, ...about, deletion: this.#deletion, expiresInMs: expires }
  }
}
