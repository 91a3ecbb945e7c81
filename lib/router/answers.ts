import type { DeleteOptions, GetOptions, ListOptions, SubmitOptions } from '../core/operations'
import type { ValueObject } from '../core/result'
import type { Command } from '../request/command'
import type { Exchange } from './exchange'
import type { Wait } from './waits'

/** The command of one operation. */
export type CommandOf<Name extends Command['operation']> = Extract<Command, { operation: Name }>

/**
 * What the operations ask of a store, and how to send the answers. `Answer` is a query in our words, or the bytes of
 * another server.
 *
 * The promises resolve with `undefined` if the store does not know the query.
 */
export interface Answers<Answer> {
  submit(
    command: CommandOf<'submit'>,
    exchange: Exchange,
    options: SubmitOptions,
    wait: Wait,
  ): Promise<Answer | undefined>
  /**
   * Runs a synchronous query to its end. Ends it as soon as the signal of the wait fires, and then resolves with
   * `undefined`.
   */
  query(command: CommandOf<'query'>, exchange: Exchange, wait: Wait): Promise<Answer | undefined>
  get(id: string, exchange: Exchange, options: GetOptions, wait: Wait): Promise<Answer | undefined>
  head(id: string, exchange: Exchange, options: GetOptions, wait: Wait): Promise<Answer | undefined>
  stop(id: string, exchange: Exchange, wait: Wait): Promise<Answer | undefined>
  delete(id: string, exchange: Exchange, options: DeleteOptions, wait: Wait): Promise<Answer | undefined>
  /** Lists running queries. With an id, it resolves with the answer about that one. */
  list(exchange: Exchange, options: ListOptions, wait: Wait): Promise<Answer | undefined>
  /** Sends an answer, as fast as the client takes it. */
  send(answer: Answer, exchange: Exchange, wait: Wait): Promise<void>
  /** Releases an answer that nobody will read, because the client has gone. `undefined`: there is no answer. */
  discard(answer: Answer | undefined, exchange: Exchange, wait: Wait): Promise<void>
}

/** An answer that is an object and no query: a list, an acknowledgement. */
export class ObjectAnswer {
  constructor(readonly object: ValueObject) {}
}

export function asksForObject(command: Command): command is CommandOf<'delete' | 'list' | 'show'> {
  return ['delete', 'list', 'show'].includes(command.operation)
}
