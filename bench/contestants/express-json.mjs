import express from 'express'
import { answerCommands } from '../support/commands.mjs'
import { listen } from '../support/listen.mjs'

// A bare Express handler: no caller, no validation, no ownership, `response.json` of the same body.

answerCommands({
  start({ json }) {
    const body = JSON.parse(json)
    const app = express()
    app.get('/_query/async/:id', (_, response) => {
      response.json(body)
    })
    app.post('/_query/async', express.json(), (_, response) => {
      response.json(body)
    })
    return listen(app)
  },
})
