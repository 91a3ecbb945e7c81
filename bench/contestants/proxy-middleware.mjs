import http from 'node:http'
import express from 'express'
import { createProxyMiddleware } from 'http-proxy-middleware'
import { answerCommands } from '../support/commands.mjs'
import { listen } from '../support/listen.mjs'
import { peakMemory } from '../support/peak-memory.mjs'

// The usual middleware for a proxy. It knows nothing of owners or ids. Without an agent it would not keep connections.

answerCommands({
  ...peakMemory,
  start({ cluster }) {
    const app = express()
    app.use(createProxyMiddleware({ target: cluster, agent: new http.Agent({ keepAlive: true }) }))
    return listen(app)
  },
})
