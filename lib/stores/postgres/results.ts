import { LRUCache } from 'lru-cache'
import { unavailable } from '../../core/errors'
import type { StoredResult } from '../../core/result'
import { nextTurn } from '../../core/turns'
import { unpackAll } from '../batches/chunk'
import { freezeResult, hasPlainRows } from '../execution/frozen-result'
import type { StoredChunk } from '../execution/kept-rows'
import { KeptRows } from '../execution/kept-rows'
import { decodeHead } from './encoding'
import type { Ledger } from './ledger'
import type { StoredQuery } from './rows'

interface HeldResult {
  attempt: number
  result: StoredResult
}

export interface FoundQuery {
  stored: StoredQuery
  /** Of a query that has completed. */
  result?: StoredResult
}

/** Reads results, and keeps small ones for those who read them again. */
export class Results {
  readonly #ledger: Ledger
  readonly #held: LRUCache<string, HeldResult>
  /** Reads that are not sent yet, so that whoever asks now may share them. */
  readonly #unsent = new Map<string, Promise<FoundQuery | undefined>>()

  constructor(ledger: Ledger, maxBytes: number) {
    this.#ledger = ledger
    this.#held = new LRUCache({ maxSize: Math.ceil(Math.min(maxBytes, Number.MAX_SAFE_INTEGER)) })
  }

  /** The query, and its result if it has completed. Each answer with the same result has the same object, which is frozen. */
  read(key: Buffer): Promise<FoundQuery | undefined> {
    const name = key.toString('latin1')
    const reading = this.#unsent.get(name) ?? this.#readSoon(key, name)
    this.#unsent.set(name, reading)
    return reading
  }

  /** The end of a query ends all its waits, and each of them asks. */
  async #readSoon(key: Buffer, name: string): Promise<FoundQuery | undefined> {
    await nextTurn()
    this.#unsent.delete(name)
    const held = this.#held.get(name)
    const stored = await this.#ledger.read(key, held?.attempt)
    if (!stored) {
      this.#held.delete(name)
      return undefined
    }
    if (stored.state !== 'completed') return { stored }
    if (held?.attempt === stored.attempt) return { stored, result: held.result }
    const { result, bytes } = await this.#decode(key, stored)
    if (bytes > 0) this.#held.set(name, { attempt: stored.attempt, result }, { size: bytes })
    return { stored, result }
  }

  async #decode(key: Buffer, stored: StoredQuery): Promise<{ result: StoredResult; bytes: number }> {
    if (!stored.head) throw unavailable('a result is not there as a whole')
    const { found, ...facts } = await decodeHead(stored.head)
    const rows = stored.body ? await unpackAll(stored.body, found) : []
    const values = stored.chunks > 0 ? new KeptRows(found, storedChunks(this.#ledger, key, stored)) : rows
    return freezeResult({ ...facts, values }, { asJson: hasPlainRows(stored.isColumnar, stored.timeZone) })
  }
}

function storedChunks(ledger: Ledger, key: Buffer, { attempt, chunks }: StoredQuery): StoredChunk[] {
  return Array.from({ length: chunks }, (_, no) => storedChunk(ledger, { key, attempt, no }))
}

/** `length`: its bytes, where somebody needs to know them. */
export function storedChunk(
  ledger: Ledger,
  { key, attempt, no }: { key: Buffer; attempt: number; no: number },
  length = 0,
): StoredChunk {
  return {
    length,
    async read() {
      const chunk = await ledger.chunk(key, attempt, no)
      // The answer must break off, and not look whole.
      if (!chunk) throw unavailable('a part of the result is no longer there')
      return chunk
    },
  }
}
