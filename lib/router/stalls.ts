import type { ServerResponse } from 'node:http'
import { systemClock } from '../core/clock'
import { breakOff } from './response-headers'

/** How often progress is looked for in the longest time without any. */
const LOOKS = 4

/**
 * Breaks the connection when the client takes nothing of an answer for `maxStallMs`, or up to a quarter longer. Looks
 * at the connection itself, because middleware such as compression may hold parts of the answer. Ends with the answer.
 */
export function breakOffStall(response: ServerResponse, maxStallMs: number): void {
  if (maxStallMs === Number.POSITIVE_INFINITY || isHandedOver(response)) return
  let before = ''
  let silentLooks = 0
  let cancelTimer = (): void => {}
  const look = (): void => {
    // A pipelined response whose turn never came gets no `close`.
    if (response.writableFinished || response.req.socket.destroyed) return
    const now = progressOf(response)
    silentLooks = isPending(response) && now === before ? silentLooks + 1 : 0
    before = now
    if (silentLooks === LOOKS) breakOff(response)
    else cancelTimer = systemClock.setTimer(look, maxStallMs / LOOKS, { background: true })
  }
  // Most answers have been sent by then, and need neither timer nor listener.
  setImmediate(() => {
    if (response.closed || response.writableFinished) return
    look()
    response.once('close', () => cancelTimer())
  })
}

/** Whether the system has all of an answer. Most answers are that short. */
function isHandedOver({ writableEnded, writableLength }: ServerResponse): boolean {
  return writableEnded && writableLength === 0
}

/** Whether bytes wait for the client. A response whose turn on the connection has not come waits for others. */
function isPending({ socket, writableLength }: ServerResponse): boolean {
  return socket !== null && writableLength > 0
}

/** The bytes that the system has taken. `writeQueueSize` is what it has not yet taken of a write, which may be large. */
function progressOf({ req, writableLength }: ServerResponse): string {
  const { bytesWritten, _handle }: { bytesWritten: number; _handle?: { writeQueueSize?: number } | null } =
    req.socket
  return `${bytesWritten - writableLength} ${_handle?.writeQueueSize}`
}
