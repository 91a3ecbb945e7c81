import { answerCommands } from '../support/commands.mjs'
import { listen } from '../support/listen.mjs'

// The floor: what Node.js itself costs when it sends the same body to anybody who asks.

const held = []
let body

answerCommands({
  start({ json, isHeld = false }) {
    body = JSON.parse(json)
    return listen((_, response) => {
      if (isHeld) held.push(response)
      else answer(response)
    })
  },
  waiting: () => held.length,
  complete() {
    for (const response of held) answer(response)
  },
})

function answer(response) {
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(body))
}
