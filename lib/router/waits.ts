import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import type { Response } from 'express'
import type { Owner } from '../core/caller'
import { Ending } from '../core/early-end'
import { QueryError } from '../core/errors'
import type { Counter, Meter } from '../core/meter'
import type { Excess } from '../core/quota'
import { Quota } from '../core/quota'
import { endInTurns } from '../core/turns'
import type { Disconnects, Watcher } from './disconnects'

/**
 * A request that may wait. It ends early when the client goes away, or the process drains. There may be tens of thousands, so a wait is
 * one object without closures.
 */
export class Wait extends Ending implements Watcher {
  readonly response: Response
  /** The owner whose place this wait takes. */
  owner: Owner | undefined
  /** The client went away. Nobody will read an answer. */
  isAbandoned = false
  place: EventEmitter | undefined
  /** Created on demand, since most waits do without. */
  #gone: Ending | undefined

  constructor(response: Response, owner: Owner | undefined) {
    super()
    this.response = response
    this.owner = owner
  }

  /** Ends when the client goes away, but not when the process drains. */
  get gone(): Ending {
    if (!this.#gone) {
      this.#gone = new Ending()
      if (this.isAbandoned) this.#gone.abort()
    }
    return this.#gone
  }

  onGone(): void {
    this.isAbandoned = true
    this.abort()
    this.#gone?.abort()
  }
}

/** How many requests may wait at a time, in all and of one owner. */
export interface WaitLimits {
  maxWaits: number
  maxWaitsPerOwner: number
}

/** All requests of a router that may wait: counts them, and ends them when the process drains. */
export class Waits {
  readonly #disconnects: Disconnects
  readonly #places: Quota
  readonly #waits = new Set<Wait>()
  readonly #gauge: Counter | undefined
  /** The wait on each connection that a later request ends. There is never more than one. */
  readonly #onConnection = new WeakMap<Socket, Wait>()
  /** The waits on each connection that no later request ends. */
  readonly #lasting = new WeakMap<Socket, Set<Wait>>()
  /** The last request on each connection that came while an earlier one had no answer. */
  readonly #followers = new WeakMap<Socket, Response>()
  #isDraining = false

  constructor(disconnects: Disconnects, { maxWaits, maxWaitsPerOwner }: WaitLimits, meter?: Meter) {
    this.#disconnects = disconnects
    this.#gauge = meter?.createUpDownCounter('esql_async.requests.waiting', {
      description: 'Requests that wait for a query or are being answered.',
      unit: '{request}',
    })
    this.#places = new Quota({ max: maxWaits, maxPerOwner: maxWaitsPerOwner }, tooMany)
  }

  /** How many there are now. */
  get count(): number {
    return this.#waits.size
  }

  get isDraining(): boolean {
    return this.#isDraining
  }

  /**
   * Call it for each request that arrives. One that is pipelined behind a wait ends that wait: the client does not wait
   * for that answer alone, and Node.js soon stops reading such a connection, so that its end would go unnoticed. A wait
   * that does not yield goes on until Node.js has really stopped.
   */
  arrive(response: Response): void {
    if (response.socket !== null) return
    const { socket } = response.req
    this.#followers.set(socket, response)
    this.#onConnection.get(socket)?.abort()
    if (socket.isPaused()) for (const wait of this.#lasting.get(socket) ?? []) wait.abort(tooManyBehind())
  }

  /** Whether a later request has arrived on the same connection. Then this one must not wait. */
  isFollowed(response: Response): boolean {
    const follower = this.#followers.get(response.req.socket)
    // Answers go out in order, so a follower that has its answer was an earlier request.
    return follower !== undefined && follower !== response && !follower.writableFinished
  }

  /**
   * Begins a wait, which has to {@link end}. `owner`: for a request that waits for a running query, and so takes a
   * place. `yields`: whether a later request on the connection ends it.
   *
   * Throws `es_rejected_execution_exception`, 429, when too many wait already.
   */
  begin(response: Response, owner: Owner | undefined, yields = true): Wait {
    // While the process drains, nobody waits.
    const waiter = this.#isDraining ? undefined : owner
    if (waiter !== undefined) this.#places.add(waiter, 1)
    const wait = new Wait(response, waiter)
    if (waiter !== undefined) this.#place(wait, yields)
    if (this.#disconnects.isGone(response)) wait.onGone()
    else this.#disconnects.watch(wait)
    if (this.#isDraining) wait.abort()
    this.#waits.add(wait)
    this.#gauge?.add(1)
    return wait
  }

  /** Gives the place back. The store has answered, and a client that reads slowly does not wait for a query. */
  answered(wait: Wait): void {
    if (wait.owner === undefined) return
    this.#places.remove(wait.owner, 1)
    wait.owner = undefined
    const { socket } = wait.response.req
    this.#lasting.get(socket)?.delete(wait)
    if (this.#onConnection.get(socket) === wait) this.#onConnection.delete(socket)
  }

  #place(wait: Wait, yields: boolean): void {
    const { req } = wait.response
    const { socket } = req
    // Express keeps there all that it needs to go on with a request. This one goes no further, and that is a kilobyte.
    if (req.next) req.next = undefined
    if (yields) this.#onConnection.set(socket, wait)
    else this.#lasting.set(socket, (this.#lasting.get(socket) ?? new Set()).add(wait))
  }

  end(wait: Wait): void {
    this.#waits.delete(wait)
    this.#gauge?.add(-1)
    this.#disconnects.unwatch(wait)
    this.answered(wait)
  }

  /** Ends all waits, and all later ones as soon as they begin. */
  drain(): void {
    this.#isDraining = true
    endInTurns(this.#waits, (wait) => wait.abort())
  }
}

function tooMany({ of, used, limit }: Excess): QueryError {
  const who = of === 'owner' ? 'you have' : 'the server has'
  return new QueryError(
    'es_rejected_execution_exception',
    `rejected execution of query: ${who} [${used}] requests waiting already, the limit is [${limit}]; ` +
      'ask [/_query/async] with [wait_for_completion_timeout=0] or try again later',
    { limit: of === 'owner' ? 'maxWaitsPerOwner' : 'maxWaits' },
  )
}

function tooManyBehind(): QueryError {
  return new QueryError(
    'es_rejected_execution_exception',
    'rejected execution of query: there is too much behind it on its connection to see whether the client is there; ' +
      'send it on a connection of its own',
    { limit: 'pipelining' },
  )
}
