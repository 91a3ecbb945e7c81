import { once } from 'node:events'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { aborted, sendAnswer } from './answer'
import type { ClusterClock } from './clock'
import { systemClock } from './clock'
import { execute } from './execute'
import type { Fault, Operation } from './faults'
import { Faults } from './faults'
import type { Flavour, News, Release } from './flavour'
import { FLAVOURS } from './flavour'
import type { Backend } from './operations'
import { operationOf, serve } from './operations'
import { Queries } from './queries'
import type { ClusterQuery } from './query'
import { RecordedRequest } from './recorded-request'
import type { ClusterUser, Monitors } from './users'
import { DEFAULT_USERS } from './users'

export interface ClusterOptions {
  /** @default '9.5' */
  release?: Release
  /** @default nothing */
  news?: News
  /** The known users, by their Authorization header. @default {@link DEFAULT_USERS} */
  users?: Readonly<Record<string, ClusterUser>>
  /** @default nobody */
  monitors?: Monitors
  /** Runs a submitted query. @default {@link execute} */
  execute?: (query: ClusterQuery) => void
  clock?: ClusterClock
}

/** A stand-in for an Elasticsearch cluster that listens. */
export class Cluster {
  /** Every received request, in order. */
  readonly requests: RecordedRequest[] = []
  readonly flavour: Flavour
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #faults = new Faults()
  readonly #backend: Backend
  #port = 0

  constructor({
    release = '9.5',
    news = {},
    users = DEFAULT_USERS,
    clock = systemClock,
    ...options
  }: ClusterOptions) {
    this.flavour = { ...FLAVOURS[release], news }
    const queries = new Queries(this.flavour, clock)
    const { monitors = [] } = options
    this.#backend = { flavour: this.flavour, queries, users, monitors, execute: options.execute ?? execute }
    this.#server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 })
    this.#server.on('request', (request, response) => this.#handle(request, response))
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** Open connections. */
  get sockets(): number {
    return this.#sockets.size
  }

  /** Every submitted query, in order, including deleted ones. */
  get queries(): readonly ClusterQuery[] {
    return this.#backend.queries.all
  }

  /** The running queries. */
  get running(): ClusterQuery[] {
    return this.queries.filter(({ state }) => state === 'running')
  }

  /** The last submitted query. */
  get query(): ClusterQuery {
    const query = this.queries.at(-1)
    if (!query) throw new Error('No query was submitted to the cluster')
    return query
  }

  /** The last received request. */
  get request(): RecordedRequest {
    const request = this.requests.at(-1)
    if (!request) throw new Error('The cluster was asked for nothing')
    return request
  }

  /** Requests without an answer whose client has not left. */
  get open(): RecordedRequest[] {
    return this.requests.filter(({ state }) => state === 'open')
  }

  /** Requests that wait for a query to end. */
  get waits(): number {
    return this.running.reduce((sum, { waits }) => sum + waits, 0)
  }

  requestsFor(operation: Operation): RecordedRequest[] {
    return this.requests.filter((request) => request.operation === operation)
  }

  /** Adds a fault to the next requests of an operation. */
  inject(operation: Operation, fault: Fault, times = 1): void {
    this.#faults.add(operation, fault, times)
  }

  /** Removes the faults that have not happened. */
  heal(): void {
    this.#faults.clear()
  }

  /** Forgets a query, as happens when the node that runs it is lost. */
  forget(query: ClusterQuery): void {
    this.#backend.queries.forget(query)
  }

  /** Breaks every connection. */
  disconnect(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Breaks every connection and refuses new ones. Queries go on. */
  async kill(): Promise<void> {
    const closed = new Promise<unknown>((resolve) => this.#server.close(resolve))
    this.disconnect()
    await closed
  }

  /** Listens, after a {@link Cluster.kill} on the port that it had. */
  async listen(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    await this.kill()
    this.#backend.queries.close()
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.sendDate = false
    response.on('error', () => {})
    const operation = operationOf(request)
    const record = new RecordedRequest(request, response, operation)
    this.requests.push(record)
    const fault = operation && this.#faults.take(operation)
    try {
      if (fault?.kind === 'drop') return void response.destroy()
      await record.read(request)
      if (await insteadOfServing(fault, record, response)) return
      const answer = await serve(request, record, this.#backend)
      if (fault?.kind === 'lose') return void response.destroy()
      if (fault?.kind === 'hold') await settled(fault.until, record)
      await sendAnswer(answer, record, response, fault)
    } catch (error) {
      if (record.closed.aborted || request.destroyed) return
      response.destroy()
      throw error
    }
  }
}

/** Carries out a fault that replaces the service of a request. */
async function insteadOfServing(
  fault: Fault | undefined,
  record: RecordedRequest,
  response: ServerResponse,
): Promise<boolean> {
  switch (fault?.kind) {
    case 'answer': {
      const { status, body = '', headers } = fault
      const isObject = typeof body === 'object' && !Buffer.isBuffer(body)
      const sent = isObject ? JSON.stringify(body) : body
      const type = isObject ? 'application/json' : 'text/plain'
      await sendAnswer(
        { status, headers: { 'content-type': type, ...headers }, body: sent },
        record,
        response,
      )
      return true
    }
    case 'raw':
      response.socket?.end(fault.bytes)
      return true
    case 'silence':
      await aborted(record.closed)
      return true
    case 'delay':
      await settled(fault.until, record)
      return record.closed.aborted
    default:
      return false
  }
}

async function settled(promise: Promise<unknown>, { closed }: RecordedRequest): Promise<void> {
  await Promise.race([promise, aborted(closed)])
}

/** Starts a stand-in on a free port of this machine. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const cluster = new Cluster(options)
  await cluster.listen()
  return cluster
}
