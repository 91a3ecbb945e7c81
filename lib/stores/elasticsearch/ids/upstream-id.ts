import { unpadded } from '../../../core/unpadded'

/** Whether a body contains an id of the cluster, in any format, with or without the padding of the id. */
export function mentionsId(bytes: Buffer, upstreamId: string): boolean {
  return bytes.includes(unpadded(upstreamId), 0, 'latin1')
}

/** The base64url of a document's id, 22 characters behind their length, and of a task. */
const SHAPED_LIKE_ID = /F[g-v][\w-]{60,}={0,2}/g
const TASK_AT = 24

/** The text with asterisks in place of every id of a cluster. The length stays, since some formats count it. */
export function withoutIds(text: string): string {
  return text.replace(SHAPED_LIKE_ID, (word) => (taskOf(word) ? '*'.repeat(word.length) : word))
}

/** A body of text with asterisks in place of the task and the node of a query, which its id names. */
export function withoutTask(bytes: Buffer, upstreamId: string): Buffer {
  const task = taskOf(upstreamId)
  if (!task) return bytes
  const [node = ''] = task.split(':')
  const hidden = [task, node].reduce((text, name) => text.replaceAll(name, '*'), bytes.toString())
  return Buffer.from(hidden)
}

/** The task in an id of a cluster: `NODE:NUMBER`. `undefined` for an id of another shape. */
function taskOf(upstreamId: string): string | undefined {
  const task = Buffer.from(upstreamId, 'base64url').toString('latin1', TASK_AT)
  return /^[\w-]+:\d+/.exec(task)?.[0]
}
