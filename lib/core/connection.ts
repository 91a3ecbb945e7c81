import type { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'

/**
 * The connection that a request of HTTP/1 shares with others. `undefined` in HTTP/2, where each request has an object of its own,
 * and on hosts without a real connection.
 */
export function sharedConnection({
  socket,
  httpVersionMajor,
}: Pick<IncomingMessage, 'socket' | 'httpVersionMajor'>): Socket | undefined {
  return httpVersionMajor < 2 && socket instanceof Socket ? socket : undefined
}
