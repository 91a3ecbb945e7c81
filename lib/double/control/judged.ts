import { isQueryError, QueryError } from '../../core/errors'
import { messageOf } from '../../core/message-of'

/** Reads what a client has sent. What is wrong there becomes a 400 for the client. */
export function judged<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw isQueryError(error) ? error : new QueryError('illegal_argument_exception', messageOf(error))
  }
}

/** The same for what a test waits for: it ends with an error when the double is reset. */
export async function awaited<T>(wait: Promise<T>): Promise<T> {
  try {
    return await wait
  } catch (error) {
    throw isQueryError(error) ? error : new QueryError('task_cancelled_exception', messageOf(error))
  }
}
