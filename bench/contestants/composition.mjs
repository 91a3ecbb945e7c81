import { createRequire } from 'node:module'
import express from 'express'
import OpenApiValidator from 'express-openapi-validator'
import jwt from 'jsonwebtoken'
import { answerCommands } from '../support/commands.mjs'
import { listen } from '../support/listen.mjs'

// What one would write by hand from the same parts: tokens, the OpenAPI document, an owner per id, `response.json`.

const apiSpec = createRequire(import.meta.url).resolve('express-esql-async-query/api-spec.yaml')

let complete
const completion = new Promise((resolve) => {
  complete = resolve
})
let waiting = 0

answerCommands({
  start({ trust, owner, id, json, isHeld = false }) {
    const queries = new Map([[id, { owner, body: JSON.parse(json) }]])
    const app = express()
    app.use(authenticate(trust))
    app.use(OpenApiValidator.middleware({ apiSpec, validateApiSpec: false }))
    app.get('/_query/async/:id', async (request, response) => {
      const query = queries.get(request.params.id)
      if (query?.owner !== request.owner) return response.status(404).json({ error: 'not found' })
      waiting++
      if (isHeld) await completion
      response.json(query.body)
    })
    app.use((error, _request, response, _next) => {
      response.status(error.status ?? 500).json({ error: error.message })
    })
    return listen(app)
  },
  waiting: () => waiting,
  complete: () => complete(),
})

function authenticate({ key, issuer, audience }) {
  return (request, response, next) => {
    const token = request.headers.authorization?.replace(/^Bearer /, '')
    try {
      const { iss, sub } = jwt.verify(token, key, { algorithms: ['RS256'], issuer, audience })
      request.owner = `${iss} ${sub}`
    } catch {
      return response.status(401).json({ error: 'unauthenticated' })
    }
    next()
  }
}
