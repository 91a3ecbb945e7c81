import type { AsyncQuery } from '../../../core/store'
import type { SealedContent } from '../ids/sealed-content'
import type { QueryAnswer } from './answer'
import { readAll } from './peek'
import { readQueryError, readSnapshot } from './snapshot'

/** More than this is for a router to pass on, not to be held in memory at once. */
const LONGEST_SNAPSHOT = 256 * 2 ** 20

/** An answer in JSON in our words. Throws the error that the query failed with. */
export async function readAsyncQuery(
  { status, body }: QueryAnswer,
  id: string | undefined,
  told: Pick<SealedContent, 'columnar' | 'timeZone'>,
): Promise<AsyncQuery> {
  const bytes = Buffer.isBuffer(body) ? body : await readAll(body, LONGEST_SNAPSHOT)
  if (status >= 400) throw readQueryError(bytes, status)
  return readSnapshot(bytes, id, told)
}

/** The same answer with its body in memory, so that its connection is free. */
export async function held(answer: QueryAnswer): Promise<QueryAnswer> {
  const { body } = answer
  return Buffer.isBuffer(body) ? answer : { ...answer, body: await readAll(body, LONGEST_SNAPSHOT) }
}
