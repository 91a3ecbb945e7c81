import type { Command } from './command'
import type { OperationRequest } from './head'

/** A request that was read and validated: what came in, and what it asks for. */
export interface ReadRequest {
  incoming: OperationRequest
  command: Command
}

/** How many ways to ask are remembered, and how long one of them may be: clients choose both. */
const MOST_REQUESTS = 256
const LONGEST_KEY = 1_024

/**
 * What gets and heads came to when they were read and validated. Clients that poll ask in the same words again and
 * again, for this query or that. Refusals are not remembered, nor what is to be done with a body.
 */
export class KnownRequests {
  readonly #requests = new Map<string, ReadRequest>()

  get size(): number {
    return this.#requests.size
  }

  /** For one query what is remembered of another: of an id, nothing is demanded here but that there is one. */
  find(key: string, of: Pick<OperationRequest, 'id' | 'uri' | 'path'>): ReadRequest | undefined {
    const known = this.#requests.get(key)
    if (!known || of.id === '') return undefined
    return { incoming: { ...known.incoming, ...of }, command: { ...known.command, id: of.id } as Command }
  }

  add(key: string, { incoming, command }: ReadRequest): void {
    if (command.operation !== 'get' && command.operation !== 'head') return
    if (incoming.hasBody || key.length > LONGEST_KEY) return
    const [oldest] = this.#requests.keys()
    if (this.#requests.size >= MOST_REQUESTS && oldest !== undefined) this.#requests.delete(oldest)
    // Many requests share them from now on.
    for (const shared of [incoming.parameters, incoming.mediaTypes, command.output, command.output.format]) {
      Object.freeze(shared)
    }
    Object.freeze(command.output.presentation)
    this.#requests.set(key, { incoming, command })
  }
}
