import express from 'express'
import {
  asyncQueryRouter,
  ElasticsearchStore,
  esqlProductInfo,
  newSealingKey,
} from 'express-esql-async-query'
import { resolveCaller } from './callers.mjs'

const { ELASTICSEARCH_URL, ELASTICSEARCH_API_KEY = 'any', ESQL_ASYNC_SEALING_KEYS, PORT = 3000 } = process.env

const url = ELASTICSEARCH_URL ?? (await import('./stand-in.mjs')).url
const store = new ElasticsearchStore({
  url,
  headers: { authorization: `ApiKey ${ELASTICSEARCH_API_KEY}` },
  // Every replica and every later start needs the same keys, or it does not know the ids that clients have.
  sealingKeys: ESQL_ASYNC_SEALING_KEYS?.split(',') ?? [newSealingKey()],
})

const app = express()
app.use(asyncQueryRouter({ store, resolveCaller, maxWaitMs: 55_000 }))
app.use(esqlProductInfo({ store, resolveCaller }))
const server = app.listen(PORT, (error) => {
  if (error) throw error
  const gateway = `http://localhost:${server.address().port}`
  console.log(`The gateway listens on ${gateway}, in front of the cluster ${url}. Paste into a second terminal:

curl -sS "${gateway}/_query?format=txt" -u alice:wonderland -H 'Content-Type: application/json' -d '{"query":"FROM logs | LIMIT 2"}'
`)
})
