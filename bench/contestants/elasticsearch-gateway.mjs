import express from 'express'
import { asyncQueryRouter, ElasticsearchStore, jwtCaller, newSealingKey } from 'express-esql-async-query'
import { answerCommands } from '../support/commands.mjs'
import { listen } from '../support/listen.mjs'
import { peakMemory } from '../support/peak-memory.mjs'

// The package in front of a cluster: tokens checked by RS256, ids sealed, answers passed through.

answerCommands({
  ...peakMemory,
  start({ cluster, trust }) {
    const store = new ElasticsearchStore({ url: cluster, sealingKeys: [newSealingKey()] })
    const app = express()
    app.use(asyncQueryRouter({ store, resolveCaller: jwtCaller({ ...trust, algorithms: ['RS256'] }) }))
    return listen(app)
  },
})
