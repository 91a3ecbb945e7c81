import { request } from 'node:http'

/** A slow reader takes so many bytes of a body, and then pauses. */
const SLOW_BYTES = 65_536
const SLOW_PAUSE_MS = 20

/**
 * Sends one request. Resolves with its answer and its `ending`: `answered`, `left` if the client went away as told
 * (after so many milliseconds or bytes of the body), or `broken` if the connection failed.
 */
export function exchange(
  target,
  { method, path, token, body, headers, leaveAfterMs, leaveAfterBytes, isSlow },
) {
  return new Promise((resolve) => {
    const pieces = []
    let received = 0
    let answer
    let leaving
    const finish = (ending, more = {}) => {
      clearTimeout(leaving)
      resolve({ ending, ...answer, body: Buffer.concat(pieces), ...more })
    }
    const sent = request({
      host: '127.0.0.1',
      port: target.port,
      agent: target.agent,
      method,
      path: target.prefix + path,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
    })
    const leave = () => {
      finish('left')
      sent.destroy()
    }
    if (leaveAfterMs !== undefined) leaving = setTimeout(leave, leaveAfterMs)
    sent.on('error', (error) => finish('broken', { error: error.code ?? error.message }))
    sent.on('response', (response) => {
      answer = { status: response.statusCode, headers: response.headers }
      response.on('data', (piece) => {
        pieces.push(piece)
        received += piece.length
        if (received >= leaveAfterBytes) return leave()
        if (!isSlow || received < SLOW_BYTES) return
        received = 0
        response.pause()
        setTimeout(() => response.resume(), SLOW_PAUSE_MS)
      })
      response.on('end', () => finish('answered'))
      response.on('error', (error) => finish('broken', { error: error.code ?? error.message }))
    })
    sent.end(body)
  })
}
