import type { Chunk } from '../writer'

/**
 * Takes a document piece by piece and holds it, written in its format, until it is taken out: what every format
 * of the JSON family does in its own way. Calls come in document order, a key before each value of an object.
 */
export interface TokenSink {
  startObject(): void
  endObject(): void
  startArray(): void
  endArray(): void
  /**
   * Names the next value. Answers whether that value can show at all: where not, the caller may spare the work
   * of writing it and call `null` in its place.
   */
  key(name: string): boolean
  string(value: string): void
  /** A number without a fraction. Beyond 2^53 it is a bigint. */
  integer(value: number | bigint): void
  double(value: number): void
  float(value: number): void
  boolean(value: boolean): void
  null(): void
  /** Size of what has been written and not taken out, in characters or bytes. What has been left out counts, too. */
  readonly pending: number
  /** Hands out what has been written since the last take. */
  take(): Chunk
}
