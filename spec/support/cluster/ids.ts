import { randomBytes, randomUUID } from 'node:crypto'
import { illegalArgument } from './cluster-error'

/** Ids of one node, in Elasticsearch's shape: a random document id and `NODE:NUMBER`, each behind its length. */
export class Ids {
  readonly node = randomBytes(16).toString('base64url')
  #number = 100

  next(): string {
    this.#number += 1
    const document = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url')
    const parts = [document, `${this.node}:${this.#number}`]
    const bytes = parts.flatMap((part) => [Buffer.from([part.length]), Buffer.from(part)])
    return Buffer.concat(bytes).toString('base64').replaceAll('+', '-').replaceAll('/', '_')
  }
}

/** The task in a well-formed id: `NODE:NUMBER`. */
export function taskOf(id: string): string {
  const bytes = Buffer.from(id, 'base64url')
  return bytes.toString('utf8', 2 + (bytes[0] ?? 0))
}

/** Refuses malformed ids, as Elasticsearch does. Texts of up to 127 bytes are enough for a stand-in. */
export function checkId(id: string): void {
  const bytes = /^[\w-]*={0,2}$/.test(id) ? Buffer.from(id, 'base64url') : Buffer.alloc(0)
  const documentEnd = 1 + (bytes[0] ?? 0)
  const taskEnd = documentEnd + 1 + (bytes[documentEnd] ?? 0)
  if (bytes.length === 0 || taskEnd !== bytes.length) throw illegalArgument(`invalid id: [${id}]`)
  const task = bytes.toString('utf8', documentEnd + 1)
  if (!/^[^:]+:\d+$/.test(task)) throw illegalArgument(`malformed task id ${task}`)
}
