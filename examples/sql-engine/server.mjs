import express from 'express'
import { asyncQueryRouter, esqlProductInfo, MemoryStore } from 'express-esql-async-query'
import { resolveCaller } from './callers.mjs'
import { createEngine } from './engine.mjs'

const store = new MemoryStore({ execute: await createEngine() })
const app = express()
app.use(asyncQueryRouter({ store, resolveCaller }))
app.use(esqlProductInfo({ store, resolveCaller }))
const server = app.listen(process.env.PORT ?? 3000, (error) => {
  if (error) throw error
  const url = `http://localhost:${server.address().port}`
  console.log(`DuckDB listens on ${url}, with a million trips. Paste into a second terminal:

curl -sS "${url}/_query?format=txt" -u alice:wonderland -H 'Content-Type: application/json' -d '{"query":"SELECT city, count(*) AS trips, sum(km) AS km FROM trips GROUP BY city ORDER BY city"}'
`)
})
