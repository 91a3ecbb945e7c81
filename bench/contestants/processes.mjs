import nodeCluster from 'node:cluster'
import { once } from 'node:events'
import express from 'express'
import { asyncQueryRouter, ElasticsearchStore, jwtCaller } from 'express-esql-async-query'
import { answerCommands } from '../support/commands.mjs'
import { listen } from '../support/listen.mjs'

// Gateways in front of a cluster, as processes behind one port. They share nothing but their keys.

if (nodeCluster.isPrimary) {
  const workers = []
  answerCommands({
    async start({ processes, ...config }) {
      for (let started = 0; started < processes; started++) workers.push(nodeCluster.fork())
      // What is sent to a worker before it listens is lost.
      await Promise.all(workers.map((worker) => once(worker, 'message')))
      const told = await Promise.all(workers.map((worker) => ask(worker, config)))
      return told[0]
    },
    /** CPU time of all processes, that of the one which hands out connections included, and the requests of each. */
    async all() {
      const told = await Promise.all(workers.map((worker) => ask(worker)))
      const { user, system } = process.cpuUsage()
      return {
        micros: told.reduce((sum, { micros }) => sum + micros, user + system),
        requests: told.map(({ requests }) => requests),
      }
    },
  })
} else {
  let requests = 0
  process.on('message', async (config) => {
    if (config.trust) return process.send(await serve(config))
    const { user, system } = process.cpuUsage()
    process.send({ micros: user + system, requests })
  })
  process.send('ready')

  function serve({ cluster, sealingKey, trust }) {
    const store = new ElasticsearchStore({ url: cluster, sealingKeys: [sealingKey] })
    const app = express()
    app.use((_request, _response, next) => {
      requests++
      next()
    })
    app.use(asyncQueryRouter({ store, resolveCaller: jwtCaller({ ...trust, algorithms: ['RS256'] }) }))
    return listen(app)
  }
}

/** A worker answers one message at a time. */
async function ask(worker, message = {}) {
  const answer = once(worker, 'message')
  worker.send(message)
  const [told] = await answer
  return told
}
