import { request } from 'node:http'
import { answerCommands } from '../support/commands.mjs'
import { listen } from '../support/listen.mjs'

// A fresh process, in which nothing is loaded before it is asked for.

answerCommands({
  start: () => {},
  /** How long the modules take to load, and the CPU that this uses, in milliseconds. */
  load: (names) => timed(() => Promise.all(names.map((name) => import(name)))),
  /** How long a router takes from its creation to its first answer, and the CPU that it uses, in milliseconds. */
  async answer() {
    const { default: express } = await import('express')
    const { asyncQueryRouter, MemoryStore } = await import('express-esql-async-query')
    return timed(async () => {
      const store = new MemoryStore({ execute: () => ({ columns: [], values: [] }) })
      const app = express()
      app.use(asyncQueryRouter({ store, resolveCaller: () => ({ owner: 'alice' }) }))
      const { port } = await listen(app)
      const status = await submit(port)
      if (status !== 200) throw new Error(`the gateway answers ${status}`)
    })
  },
})

async function timed(work) {
  const began = performance.now()
  const cpuBefore = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(cpuBefore)
  return { elapsedMs: performance.now() - began, cpuMs: (user + system) / 1_000 }
}

function submit(port) {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    request({ port, method: 'POST', path: '/_query/async', headers, agent: false }, (response) => {
      response.resume()
      response.once('end', () => resolve(response.statusCode))
    })
      .once('error', reject)
      .end('{"query":"ROW n = 1"}')
  })
}
