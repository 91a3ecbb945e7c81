import type { Chunk } from '../writer'

export type Container = 'object' | 'array'

/** Members of an object that have no doubles. `undefined`: a member that is left out. */
export interface Members {
  readonly [name: string]:
    | string
    | number
    | bigint
    | boolean
    | readonly string[]
    | readonly Texts[]
    | undefined
}

/** Members of an object within such a member. */
export interface Texts {
  readonly [name: string]: string | readonly string[] | undefined
}

/**
 * Takes a document token by token, writes it in its format, and holds the text or bytes until somebody takes them.
 * Each format of the JSON family has one. Calls come in document order, a key before each value of an object.
 */
export interface TokenSink {
  start(kind: Container): void
  end(kind: Container): void
  /**
   * Names the next value. Answers whether any of that value will be written: if not, the caller can call `null`
   * instead of writing it.
   */
  key(name: string): boolean
  string(value: string): void
  /** A number without a fraction. Beyond 2^53 it is a bigint. */
  integer(value: number | bigint): void
  double(value: number): void
  float(value: number): void
  boolean(value: boolean): void
  null(): void
  /** Writes JSON as it is spelled, if that is how the format has it. Answers whether it does. */
  json?(text: string): boolean
  /** Writes members of the object that is open, if it can write all of them at once. Answers whether it has. */
  members?(members: Members): boolean
  /** Characters or bytes that were written and not taken. What a filter left out counts, too. */
  readonly pending: number
  /** Hands out what has been written since the last take. */
  take(): Chunk
}
