import { LRUCache } from 'lru-cache'
import type { Command } from './command'

type Get = Extract<Command, { operation: 'get' | 'head' }>

/** Clients choose how many different requests they send, and how long each key is. */
const MAX_REQUESTS = 256
const MAX_KEY_LENGTH = 1_024

/**
 * Keeps what reading and validating a get or a head gave, since clients that poll send the same words again and again,
 * for one query or for many. Keeps no refusals and nothing of a request with a body.
 */
export class ReadingCache {
  readonly #commands = new LRUCache<string, Get>({ max: MAX_REQUESTS })

  get size(): number {
    return this.#commands.size
  }

  /** The kept command. Ids need no validation, except that they must not be empty. */
  find(key: string, id: string): Get | undefined {
    return id === '' ? undefined : this.#commands.get(key)
  }

  add(key: string, command: Command): void {
    if (command.operation !== 'get' && command.operation !== 'head') return
    if (key.length > MAX_KEY_LENGTH) return
    // Many requests share these objects from now on.
    const { head, output } = command
    const parts = [...Object.values(head), ...Object.values(output)]
    for (const shared of [command, head, output, ...parts]) Object.freeze(shared)
    this.#commands.set(key, command)
  }
}
