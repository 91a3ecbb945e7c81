import { rowsWhenStopped } from './engine.mjs'

/** Clocks of two processes of one machine, and a timer that is late. */
const SLACK_MS = 250

/**
 * What a client knows of a query that it has submitted: what it may be answered with, and what not. Where that depends
 * on what happens at the same time, both are right.
 */
export class KnownQuery {
  id
  generation
  hasEnded = false
  /** A stop has been asked for. */
  isStopped = false
  /** A get that moves the expiry is on its way. */
  isExtending = false
  #deletion = 'none'
  #expiresAfterMs
  #expiresBeforeMs = Number.POSITIVE_INFINITY

  /** A query that is about to be submitted. */
  constructor({ target, owner, mark, rows, runMs, outcome, keepAliveMs }) {
    Object.assign(this, { target, owner, mark, rows, runMs, outcome, keepAliveMs })
    this.#expiresAfterMs = performance.now() + keepAliveMs
  }

  /** Its submit has been answered. */
  accepted(id, generation) {
    this.id = id
    this.generation = generation
    this.#expiresBeforeMs = performance.now() + this.keepAliveMs
  }

  /** A get begins that is to move the expiry. Returns what is to be called with the status of its answer, if any. */
  extend(keepAliveMs) {
    const beganMs = performance.now()
    this.isExtending = true
    this.#expiresAfterMs = Math.min(this.#expiresAfterMs, beganMs + keepAliveMs)
    return (status) => {
      this.isExtending = false
      if (status === 404) return
      // Whether a get without a result has moved it, and when, nobody can tell.
      this.#expiresBeforeMs = status === 200 ? performance.now() + keepAliveMs : Number.POSITIVE_INFINITY
      if (status === 200) this.#expiresAfterMs = beganMs + keepAliveMs
    }
  }

  /** A delete begins. Returns what is to be called when it was acknowledged. */
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

  /** Whether a request that was sent to a gateway at a moment, and is answered now, may not have found it. */
  mayBeGone(target, sent) {
    const mayBeForgotten = target.forgets && (sent.generation !== this.generation || !target.wasUpSince(sent))
    return mayBeForgotten || this.mayHaveEndedEarly()
  }

  /** Whether a request that is sent at this moment cannot find it. */
  mustBeGone(target, sent) {
    const isForgotten = target.forgets && sent.isUp && sent.generation > this.generation
    const isExpired = !this.isExtending && sent.atMs > this.#expiresBeforeMs + SLACK_MS
    return isForgotten || isExpired || this.#deletion === 'done'
  }

  /** How many rows a result may have. */
  mayHaveRows(count, isPartial) {
    if (isPartial) return this.isStopped && count === rowsWhenStopped(this.rows)
    return count === this.rows && this.outcome === 'completes'
  }

  toJSON() {
    const { target, generation, id, owner, mark, rows, runMs, outcome, hasEnded, isStopped } = this
    const expires = [this.#expiresAfterMs, this.#expiresBeforeMs].map((atMs) =>
      Math.round(atMs - performance.now()),
    )
    const about = { generation, id, owner, mark, rows, runMs, outcome, hasEnded, isStopped }
    return { target: target.name, ...about, deletion: this.#deletion, expiresInMs: expires }
  }
}
