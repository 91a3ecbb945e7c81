import type { RawAnswer } from './answers'

/** The bytes that Node.js itself writes to a connection before it closes it. They have no envelope. */
const BARE: Readonly<Record<number, string>> = {
  400: 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n',
  408: 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n',
  413: 'HTTP/1.1 413 Payload Too Large\r\nConnection: close\r\n\r\n',
  431: 'HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\n\r\n',
}

/** Answers without a body that Node.js gives itself: to an HTTP/1.1 request without Host, and to an unknown Expect. */
const EMPTY: readonly number[] = [400, 417]

/** Whether Node.js gave an answer before the application saw its request. */
export function isNodeAnswer({ status, head, headers, body }: RawAnswer): boolean {
  if (body.length > 0) return false
  if (head === BARE[status]) return true
  const names = Object.keys(headers).filter((name) => !['date', 'connection', 'keep-alive'].includes(name))
  // To HEAD, it tells no length.
  return EMPTY.includes(status) && ['', 'transfer-encoding', 'content-length'].includes(names.join())
}
