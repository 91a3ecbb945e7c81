'use strict'

// A gateway of a host that ends with `gracefulShutdown`, in a process of its own. Plain JavaScript, because Node.js runs it as it is.

const [folder, settings] = process.argv.slice(2)
const { asyncQueryRouter, gracefulShutdown, MemoryStore } = require(`${folder}/dist/index.js`)
const http = require('node:http')
const https = require('node:https')
const express = require('express')

const { secret, close = 'whole', keepsAlive = false, options = {} } = JSON.parse(settings)

const columns = [{ name: 'text', type: 'keyword' }]
const store = new MemoryStore({
  execute: ({ query }, { signal }) => {
    if (query === 'LARGE') return { columns, values: Array.from({ length: 20_000 }, () => ['x'.repeat(500)]) }
    return new Promise((_, reject) =>
      signal.addEventListener('abort', () => reject(new Error('interrupted'))),
    )
  },
})

/** How the third argument of `gracefulShutdown` closes. */
const CLOSING = {
  whole: store,
  never: {},
  hangs: { close: () => new Promise(() => {}) },
  fails: { close: () => Promise.reject(new Error('the disk is full')) },
  throws: {
    close() {
      throw new Error('the disk is full')
    },
  },
}

const write = (level) => (details, message) => process.send({ level, message, ...details })
const logger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
// The channel to the parent alone must not keep the process alive.
process.channel.unref()

const router = asyncQueryRouter({ store, resolveCaller: () => ({ owner: 'alice' }), logger })
const app = express().use(router)
const server = secret
  ? https.createServer({ pskCallback: () => Buffer.from(secret), ciphers: 'PSK', maxVersion: 'TLSv1.2' }, app)
  : http.createServer(app)
server.keepAliveTimeout = 600_000
const shutdown = gracefulShutdown(server, router, CLOSING[close], { logger, ...options })
app.get('/begun', (_, response) => void response.send(shutdown.begun))
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
server.on('request', ({ method }) => {
  if (method !== 'GET') return
  const poll = () => (router.waiting > 0 ? process.send({ message: 'waiting' }) : setImmediate(poll))
  if (close === 'whole' || close === 'never') poll()
})
if (keepsAlive) setInterval(() => {}, 1_000)
