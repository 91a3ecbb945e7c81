import { connect } from 'node:net'
import { AnswerReader } from '../support/answer-reader.mjs'
import { answerCommands } from '../support/commands.mjs'

// Clients that wait: one connection each, from an address of their own process, and one request on each.

/** Connections that are opened at the same time. */
const OPENING = 100

const sockets = []
const answers = new Map()
let answered = 0
let expected = 0
let allAnswered

answerCommands({
  /** Opens as many connections as there are `waits`, and sends the request on each. */
  async start({ port, localAddress, waits, request }) {
    expected = waits
    const open = async () => {
      while (sockets.length < waits) await openOne({ port, localAddress, text: request })
    }
    await Promise.all(Array.from({ length: OPENING }, open))
  },
  /** Resolves when all are answered: each different answer, and how often it came. */
  async answers() {
    if (answered < expected) {
      await new Promise((resolve) => {
        allAnswered = resolve
      })
    }
    // Bytes as characters until here: there are many answers, and few different ones.
    return [...answers].map(([answer, times]) => [Buffer.from(answer, 'latin1').toString(), times])
  },
})

function openOne({ port, localAddress, text }) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true })
    sockets.push(socket)
    let body = ''
    const reader = new AnswerReader({
      onBody(piece) {
        body += piece.latin1Slice()
      },
      onEnd(status) {
        count(`${status} ${body}`)
        body = ''
      },
    })
    socket.on('data', (data) => reader.read(data))
    socket.once('connect', () => {
      socket.write(text)
      resolve()
    })
    socket.once('error', (error) => {
      count(`error ${error.code}`)
      reject(error)
    })
  })
}

function count(answer) {
  answers.set(answer, (answers.get(answer) ?? 0) + 1)
  answered++
  if (answered === expected) allAnswered?.()
}
