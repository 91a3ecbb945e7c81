import { isQueryError, unavailable } from '../core/errors'
import type { DeleteOptions, GetOptions, SubmitOptions } from '../core/store'
import type { Command } from '../request/command'
import type { Exchange } from './exchange'
import type { Wait } from './waits'

/** The command of one operation. */
export type CommandOf<Name extends Command['operation']> = Extract<Command, { operation: Name }>

/**
 * What the operations ask of a store, and how they send what it says. `Answer` is a query in our words, or the bytes
 * of another server.
 *
 * Where the store knows no such query, the promises resolve with `undefined`.
 */
export interface Answers<Answer> {
  submit(
    command: CommandOf<'submit'>,
    exchange: Exchange,
    options: SubmitOptions,
    wait: Wait,
  ): Promise<Answer | undefined>
  get(id: string, exchange: Exchange, options: GetOptions, wait: Wait): Promise<Answer | undefined>
  head(id: string, exchange: Exchange, options: GetOptions, wait: Wait): Promise<Answer | undefined>
  stop(id: string, exchange: Exchange, wait: Wait): Promise<Answer | undefined>
  delete(id: string, exchange: Exchange, options: DeleteOptions, wait: Wait): Promise<Answer | undefined>
  /** Sends an answer, as fast as the client takes it. */
  send(answer: Answer, exchange: Exchange, wait: Wait): Promise<void>
  /** Lets go of an answer whose client has gone. `undefined`: there is none. */
  discard(answer: Answer | undefined, exchange: Exchange, wait: Wait): Promise<void>
}

/** What a store throws that is no {@link QueryError} is an outage: the client is to try again. */
export function outageOf(error: unknown): unknown {
  if (isQueryError(error)) return error
  return unavailable('the async query store is not available, try again later', error)
}
