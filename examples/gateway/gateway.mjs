import express from 'express'
import { asyncQueryRouter, MemoryStore, rowsToResult } from 'express-esql-async-query'
import { printCommands, resolveCaller } from './callers.mjs'

const books = [{ title: 'Dune', pages: 412 }, { title: 'Emma' }]
const store = new MemoryStore({ execute: () => rowsToResult(books) })
const app = express()
app.use(asyncQueryRouter({ store, resolveCaller }))
const server = app.listen(process.env.PORT ?? 3000, (error) => printCommands(server, error))
