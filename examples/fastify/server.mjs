import fastifyExpress from '@fastify/express'
import express from 'express'
import { asyncQueryRouter, esqlProductInfo, MemoryStore, rowsToResult } from 'express-esql-async-query'
import fastify from 'fastify'
import { resolveCaller } from './callers.mjs'

const books = [{ title: 'Dune', pages: 412 }, { title: 'Emma' }]
const store = new MemoryStore({ execute: () => rowsToResult(books) })

const app = fastify()
await app.register(fastifyExpress)
// Before Fastify reads a body. What is no path of the router goes on to Fastify.
app.use(
  '/es',
  express().use(asyncQueryRouter({ store, resolveCaller }), esqlProductInfo({ store, resolveCaller })),
)
app.get('/', () => ({ served: 'by Fastify' }))
app.post('/echo', ({ body }) => body)

await app.listen({ port: Number(process.env.PORT ?? 3000) })
const url = `http://localhost:${app.server.address().port}`
console.log(`Fastify listens on ${url}, and has the router under /es. Paste into a second terminal:

curl -sS ${url}/
curl -sS "${url}/es/_query?format=txt" -u alice:wonderland -H 'Content-Type: application/json' -d '{"query":"FROM books"}'
`)
