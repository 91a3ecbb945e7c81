import type { ClusterClock } from './clock'
import { LONGEST_TIMER_MS } from './clock'
import { ClusterError, resourceNotFound, taskCancelled } from './cluster-error'
import type { Flavour } from './flavour'
import { checkId, Ids, taskOf } from './ids'
import { ClusterQuery } from './query'
import type { Submitted } from './submit-body'
import type { Subject } from './users'

/** The queries of the stand-in, with their owners and expiries. */
export class Queries {
  /** Every submitted query, in order. */
  readonly all: ClusterQuery[] = []
  readonly #byId = new Map<string, ClusterQuery>()
  readonly #timers = new Map<ClusterQuery, () => void>()
  readonly #ids = new Ids()

  constructor(
    readonly flavour: Flavour,
    readonly clock: ClusterClock,
  ) {}

  start(submitted: Submitted, subject: string): ClusterQuery {
    const query = new ClusterQuery(this.#ids.next(), subject, submitted, this.flavour, this.clock)
    this.all.push(query)
    this.#byId.set(query.id, query)
    this.#watchExpiry(query)
    return query
  }

  /** Finds a query of the caller. A keep-alive above zero moves its expiry. */
  find(id: string, { subject }: Subject, keepAliveMs = 0): ClusterQuery {
    checkId(id)
    const query = this.#lookUp(id)
    // This includes the moment of expiry, so that the order of timer and request does not matter.
    if (!query || query.expirationTimeMs <= this.clock.now()) throw resourceNotFound(id)
    const isOwner = query.subject === subject
    // The expiry of a stored result moves before the owner is checked.
    if (keepAliveMs > 0 && (isOwner || query.state !== 'running')) {
      query.expirationTimeMs = this.clock.now() + keepAliveMs
      this.#watchExpiry(query)
    }
    if (!isOwner) throw resourceNotFound(query.state === 'running' ? `${id} not found` : id)
    return query
  }

  /** The running queries of all users. */
  list(): readonly ClusterQuery[] {
    return [...this.#byId.values()].filter(({ state }) => state === 'running')
  }

  /** Finds a running query of any user. */
  show(id: string): ClusterQuery {
    checkId(id)
    const query = this.#lookUp(id)
    if (query?.state === 'running') return query
    const task = taskOf(id)
    const [node = ''] = task.split(':')
    const reason =
      node === this.#ids.node
        ? `task [${task}] isn't running and hasn't stored its results`
        : `task [${task}] belongs to the node [${node}] which isn't part of the cluster and there is no record of the task`
    throw new ClusterError(500, 'exception', reason)
  }

  async delete(id: string, { subject, cancelTask }: Subject): Promise<void> {
    checkId(id)
    const query = this.#lookUp(id)
    if (!query || (query.subject !== subject && !cancelTask)) throw resourceNotFound(id)
    await query.lastsUntil
    this.forget(query)
  }

  /** Forgets the query completely. */
  forget(query: ClusterQuery, why = 'cancelled by user'): void {
    query.cancel(taskCancelled(why))
    this.release(query)
  }

  /** Removes the id and the timer of the query. The query itself does not change. */
  release(query: ClusterQuery): void {
    this.#timers.get(query)?.()
    this.#timers.delete(query)
    this.#byId.delete(query.id)
  }

  close(): void {
    for (const query of this.#byId.values()) this.forget(query)
  }

  /** Finds a query by its id, with or without padding. */
  #lookUp(id: string): ClusterQuery | undefined {
    return this.#byId.get(id.padEnd(Math.ceil(id.length / 4) * 4, '='))
  }

  #watchExpiry(query: ClusterQuery): void {
    this.#timers.get(query)?.()
    const expire = () => {
      if (query.expirationTimeMs > this.clock.now()) this.#watchExpiry(query)
      else if (query.state !== 'running') this.forget(query)
      else if (this.flavour.cancelsOnExpiry) this.forget(query, 'keep_alive expired')
    }
    const leftMs = Math.max(0, query.expirationTimeMs - this.clock.now())
    const delayMs = Math.min(leftMs, LONGEST_TIMER_MS)
    this.#timers.set(query, this.clock.setTimer(expire, delayMs, { background: true }))
  }
}
