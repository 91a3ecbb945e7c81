import express from 'express'
import type { Execute, QueryResult } from 'express-esql-async-query'
import { asyncQueryRouter, ownerOf, PostgresStore } from 'express-esql-async-query'
import supertest from 'supertest'
import { PostgresServer } from '../support/postgres/server'
import { ObservedPool } from '../support/postgres-harness'

const BOOKS: QueryResult = {
  columns: [
    { name: 'title', type: 'keyword' },
    { name: 'copies', type: 'long' },
  ],
  values: [['Emma', 2n ** 60n]],
}

/** Two gateways on the same tables, and the server that they need. */
let server: PostgresServer
let pool: ObservedPool
let stores: PostgresStore[]
let gateways: ReturnType<typeof supertest>[]
let complete: () => void

const execute: Execute = async ({ query }) => {
  if (query === 'RUN') {
    await new Promise<void>((resolve) => {
      complete = resolve
    })
  }
  return BOOKS
}

beforeAll(async () => {
  server = await PostgresServer.start()
  pool = new ObservedPool(server.url)
  // No heart beats meanwhile, so every statement is that of a request.
  const beats = { heartbeatMs: 600_000, leaseMs: 1_800_000 }
  stores = [1, 2].map(() => new PostgresStore({ pool, execute, logger: SILENT, ...beats }))
  await stores[0]?.migrate()
  gateways = stores.map((store) => {
    const resolveCaller = ({ headers }: express.Request) => ({ owner: ownerOf('issuer', `${headers.user}`) })
    return supertest(express().use(asyncQueryRouter({ store, resolveCaller, logger: SILENT })))
  })
})
afterAll(async () => {
  await Promise.all(stores.map((store) => store.close()))
  await pool.end()
  await server.remove()
})

const SILENT = { debug() {}, info() {}, warn() {}, error() {} }

function gateway(index: number): ReturnType<typeof supertest> {
  const found = gateways[index]
  if (!found) throw new Error(`There is no gateway ${index}`)
  return found
}

const submit = (body: object) => gateway(0).post('/_query/async').set('user', 'alice').send(body)
const get = (index: number, id: string, user = 'alice') =>
  gateway(index)
    .get(`/_query/async/${encodeURIComponent(id)}`)
    .set('user', user)

describe('gateways on one PostgreSQL', () => {
  it('answer a synchronous query without asking it', async () => {
    pool.statements.length = 0
    const { status, text } = await gateway(0)
      .post('/_query')
      .set('user', 'alice')
      .send({ query: 'FROM books' })
    expect([status, text]).toEqual([200, expect.stringContaining('"values":[["Emma",1152921504606846976]]')])
    expect(pool.statements).toEqual([])
  })

  it('serve each query of its owner, whichever of them runs it, in every format', async () => {
    const submitted = await submit({
      query: 'RUN',
      wait_for_completion_timeout: '0s',
      keep_on_completion: true,
    })
    const { id } = submitted.body
    expect(submitted.body).toMatchObject({ id, is_running: true })
    const listed = await gateway(1).get('/_query/queries').set('user', 'alice')
    expect(Object.values(listed.body.queries)).toMatchObject([{ query: 'RUN' }])
    const waiting = get(1, id).then((response) => response)
    complete()
    expect((await waiting).text).toContain('"values":[["Emma",1152921504606846976]]')
    const csv = await get(1, id).query({ format: 'csv' })
    expect(csv.text).toBe('title,copies\r\nEmma,1152921504606846976\r\n')
    const [own, foreign, unknown] = [await get(0, id), await get(1, id, 'bob'), await get(1, UNKNOWN)]
    expect([own.status, foreign.status, unknown.status]).toEqual([200, 404, 404])
    expect(foreign.text.replaceAll(id, UNKNOWN)).toBe(unknown.text)
    const deleted = await gateway(1)
      .delete(`/_query/async/${encodeURIComponent(id)}`)
      .set('user', 'alice')
    expect(deleted.body).toEqual({ acknowledged: true })
    expect((await get(0, id)).status).toBe(404)
  })

  it('answer 503 while it is away, and serve what was finished when it is back', async () => {
    const { body } = await submit({ query: 'FROM books', keep_on_completion: true })
    await server.kill()
    for (const response of [
      await get(1, body.id),
      await submit({ query: 'RUN', wait_for_completion_timeout: '0s' }),
    ]) {
      expect([response.status, response.body.error.type]).toEqual([
        503,
        'no_shard_available_action_exception',
      ])
    }
    await server.start()
    expect((await get(1, body.id)).body).toEqual({ ...body, values: expect.anything() })
  })
})

const UNKNOWN = 'FkpMRkJGS1gzVDRlM3g4ZzMyRGlLbkEaTXlJZHdNT09TU2VTZVBoNDM3cFZMUToxMDM='
