import { connect } from 'node:net'
import { AnswerReader } from './answer-reader.mjs'
import { getRequest } from './load.mjs'

const READ_BYTES = 128 * 1024
const PAUSE_MS = 4

/** Fetches one answer, and pauses after each piece if it is slow. Resolves with the body. */
export function fetchSlowly({ port }, path, token, { isSlow = true } = {}) {
  return new Promise((resolve, reject) => {
    const pieces = []
    const socket = connect({ port, host: '127.0.0.1' })
    const reader = new AnswerReader({
      onBody: (piece) => pieces.push(piece),
      onEnd(status) {
        socket.destroy()
        if (status === 200) resolve(Buffer.concat(pieces))
        else reject(new Error(`status ${status}: ${Buffer.concat(pieces)}`))
      },
    })
    let sincePause = 0
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the server closed the connection')))
    socket.on('data', (data) => {
      reader.read(data)
      sincePause += data.length
      if (!isSlow || sincePause < READ_BYTES) return
      sincePause = 0
      socket.pause()
      setTimeout(() => socket.resume(), PAUSE_MS)
    })
    socket.write(getRequest(path, token))
  })
}
