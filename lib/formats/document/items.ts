import type { ValueObject } from '../../core/result'
import { isValueObject } from '../../core/result'
import { normalTree, wellFormed } from '../cells/trees'
import type { Chunk } from '../writer'
import type { TokenSink } from './token-sink'
import { writeMember, writeTree } from './tree'

/** Characters or bytes of a chunk. An object below that is sent in one piece, with its length. */
const CHUNK_LENGTH = 256 * 1024

/** Writes an object whose members may hold many items: a list of queries is as long as their texts, which users decide. */
export function* writeItems(sink: TokenSink, object: ValueObject): Generator<Chunk> {
  sink.start('object')
  for (const [name, value] of Object.entries(object)) {
    if (!sink.key(name)) sink.null()
    else if (isValueObject(value)) yield* writeMembers(sink, value)
    else writeTree(sink, normalTree(value))
  }
  sink.end('object')
  yield sink.take()
}

function* writeMembers(sink: TokenSink, object: ValueObject): Generator<Chunk> {
  sink.start('object')
  for (const [name, value] of Object.entries(object)) {
    writeMember(sink, wellFormed(name), normalTree(value))
    if (sink.pending >= CHUNK_LENGTH) yield sink.take()
  }
  sink.end('object')
}
