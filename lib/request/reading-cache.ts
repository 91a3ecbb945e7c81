import { LRUCache } from 'lru-cache'
import type { Command } from './command'
import type { OperationRequest } from './head'

/** A request that was read and validated: what the client sent, and what it asks for. */
export interface ReadRequest {
  incoming: OperationRequest
  command: Command
}

/** Clients choose how many different requests they send, and how long each key is. */
const MAX_REQUESTS = 256
const MAX_KEY_LENGTH = 1_024

/**
 * Keeps what reading and validating a get or a head gave, since clients that poll send the same words again and again,
 * for one query or for many. Keeps no refusals and no request with a body.
 */
export class ReadingCache {
  readonly #requests = new LRUCache<string, ReadRequest>({ max: MAX_REQUESTS })

  get size(): number {
    return this.#requests.size
  }

  /** The kept request, with the target of this one. Ids need no validation, except that they must not be empty. */
  find(key: string, target: Pick<OperationRequest, 'id' | 'uri' | 'path'>): ReadRequest | undefined {
    if (target.id === '') return undefined
    const kept = this.#requests.get(key)
    if (!kept) return undefined
    return {
      incoming: { ...kept.incoming, ...target },
      command: { ...kept.command, id: target.id } as Command,
    }
  }

  add(key: string, { incoming, command }: ReadRequest): void {
    if (command.operation !== 'get' && command.operation !== 'head') return
    if (incoming.hasBody || key.length > MAX_KEY_LENGTH) return
    // Many requests share these objects from now on.
    const { output } = command
    for (const shared of [incoming.parameters, incoming.mediaTypes, output, ...Object.values(output)]) {
      Object.freeze(shared)
    }
    this.#requests.set(key, { incoming, command })
  }
}
