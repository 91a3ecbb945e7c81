import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import http, { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { createGunzip, gunzipSync } from 'node:zlib'
import type { Express } from 'express'
import express from 'express'
import type { Logger } from 'express-esql-async-query'
import { asyncQueryRouter, ElasticsearchStore, MemoryStore, newSealingKey } from 'express-esql-async-query'
import { FORMATS } from '../../lib/formats/formats'
import { compressAnswers } from '../../lib/server/compression'
import { SERVICE_ACCOUNT, startCluster } from '../support/cluster'
import { until } from '../support/until'

const ROWS = 2_000
const table = {
  columns: [
    { name: 'n', type: 'integer' as const },
    { name: 'text', type: 'keyword' as const },
  ],
  values: Array.from({ length: ROWS }, (_, n) => [n, `row number ${n}`]),
}

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function listen(app: Express): Promise<string> {
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(async () => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const statuses: number[] = []
const note = (entry: object) => void statuses.push((entry as { status: number }).status)
const logger: Logger = { debug() {}, info: note, warn() {}, error: note }

beforeEach(() => {
  statuses.length = 0
})

/** A gateway that compresses, with one finished query. */
async function start(result = table): Promise<string> {
  const store = new MemoryStore({
    execute: async ({ query }) => (query === 'small' ? { columns: [], values: [] } : result),
    maxBytes: 2 ** 30,
    maxBytesPerOwner: 2 ** 30,
  })
  closers.push(() => store.close())
  const router = asyncQueryRouter({
    store,
    resolveCaller: () => ({ owner: 'alice' }),
    logger,
    maxStallMs: 200,
  })
  return listen(express().use(compressAnswers()).use(router))
}

interface Answer {
  status: number
  headers: http.IncomingHttpHeaders
  body: Buffer
}

async function send(
  method: string,
  url: string,
  { encoding = 'gzip, deflate, br', query = '' } = {},
): Promise<IncomingMessage> {
  const headers = { 'content-type': 'application/json', ...(encoding && { 'accept-encoding': encoding }) }
  const request = http.request(url, { method, headers, agent: false })
  request.end(query && JSON.stringify({ query, keep_on_completion: true }))
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return response
}

async function ask(...given: Parameters<typeof send>): Promise<Answer> {
  const response = await send(...given)
  return { status: response.statusCode ?? 0, headers: response.headers, body: await buffer(response) }
}

async function submit(url: string): Promise<string> {
  const { headers } = await ask('POST', `${url}/_query/async`, { query: 'large', encoding: '' })
  return `${url}/_query/async/${headers['x-elasticsearch-async-id']}`
}

describe('compressed answers', () => {
  it.each(FORMATS)('are the same bytes in %s', async (format) => {
    const url = `${await submit(await start())}?format=${format}`
    const plain = await ask('GET', url, { encoding: '' })
    const compressed = await ask('GET', url)
    expect(gunzipSync(compressed.body).equals(plain.body)).toBe(true)
    expect(compressed.body.length).toBeLessThan(plain.body.length / 2)
    expect(compressed.headers).toMatchObject({
      'content-encoding': 'gzip',
      'content-type': plain.headers['content-type'],
      vary: 'Accept-Encoding',
    })
    expect(compressed.headers).not.toHaveProperty('content-length')
    expect(plain.headers).not.toHaveProperty('content-encoding')
    expect(plain.headers.vary).toBe('Accept-Encoding')
  })

  it.each([
    ['gzip', 'gzip'],
    ['br, gzip', 'gzip'],
    ['*', 'gzip'],
    ['GZIP;q=0.5', 'gzip'],
    ['br', undefined],
    ['deflate', undefined],
    ['identity', undefined],
    ['gzip;q=0', undefined],
    ['', undefined],
  ])('for %j have the encoding %s', async (encoding, expected) => {
    const { headers } = await ask('GET', await submit(await start()), { encoding })
    expect(headers['content-encoding']).toBe(expected)
  })

  it('of few bytes stay as they are, with their length', async () => {
    const url = await start()
    const small = await ask('POST', `${url}/_query/async`, { query: 'small' })
    expect(small.headers).toMatchObject({ vary: 'Accept-Encoding', 'content-length': `${small.body.length}` })
    expect(small.headers).not.toHaveProperty('content-encoding')
  })

  it('can be errors', async () => {
    const url = await start()
    const { status, headers, body } = await ask('GET', `${url}/_query/async/a?${'x'.repeat(1_500)}`)
    expect([status, headers['content-encoding']]).toEqual([400, 'gzip'])
    expect(JSON.parse(gunzipSync(body).toString())).toMatchObject({
      error: { type: 'illegal_argument_exception' },
      status: 400,
    })
  })

  it('to HEAD have the headers of an answer that is not compressed', async () => {
    const { status, headers, body } = await ask('HEAD', await submit(await start()))
    expect([status, body.length, headers.vary]).toEqual([200, 0, 'Accept-Encoding'])
    expect(headers).not.toHaveProperty('content-encoding')
  })

  it('are logged with the status that the client got', async () => {
    const url = await submit(await start())
    statuses.length = 0
    await ask('GET', url)
    await until(() => statuses.length > 0)
    expect(statuses).toEqual([200])
  })
})

/** Text that gzip makes little of. */
const hardTable = (bytes: number) => ({
  columns: [{ name: 'text', type: 'keyword' as const }],
  values: Array.from({ length: 1_000 }, () => [randomBytes(bytes / 2_000).toString('hex')]),
})

describe('a long compressed answer', () => {
  it('comes as a stream', async () => {
    const url = await submit(await start(hardTable(32 * 2 ** 20) as never))
    const response = await send('GET', `${url}?format=csv`)
    const [first] = (await once(response.pipe(createGunzip()), 'data')) as [Buffer]
    expect(first.toString()).toMatch(/^text\r\n[\da-f]{10}/)
    // Nobody has read on, so most of it is not written yet.
    expect(response.complete).toBe(false)
    response.destroy()
    await until(() => statuses.includes(499))
  })

  it('ends with a client that takes nothing of it', async () => {
    const url = await submit(await start(hardTable(64 * 2 ** 20) as never))
    const response = await send('GET', `${url}?format=csv`)
    response.on('error', () => {})
    await until(() => statuses.includes(499))
    response.destroy()
  })
})

describe('answers of a cluster', () => {
  it('are compressed on their way, and never twice', async () => {
    const cluster = await startCluster()
    const headers = { authorization: SERVICE_ACCOUNT.authorization }
    const store = new ElasticsearchStore({ url: cluster.url, headers, sealingKeys: [newSealingKey()] })
    closers.push(async () => {
      await store.close()
      await cluster.close()
    })
    const router = asyncQueryRouter({ store, resolveCaller: () => ({ owner: 'alice' }), logger })
    const url = await listen(express().use(compressAnswers()).use(router))
    const submitted = await ask('POST', `${url}/_query/async`, { query: `HUGE ${2 ** 20}`, encoding: '' })
    const path = `${url}/_query/async/${submitted.headers['x-elasticsearch-async-id']}?format=csv`
    const plain = await ask('GET', path, { encoding: '' })
    const compressed = await ask('GET', path)
    expect(cluster.request.headers['accept-encoding']).toBe('identity')
    expect(compressed.headers['content-encoding']).toBe('gzip')
    expect(gunzipSync(compressed.body).equals(plain.body)).toBe(true)
    expect(plain.body.length).toBe(2 ** 20)
  })

  it('that something has compressed stay as they are', async () => {
    const bytes = randomBytes(4_000)
    const app = express()
      .use(compressAnswers())
      .use((_request, response) => void response.setHeader('content-encoding', 'br').end(bytes))
    const { headers, body } = await ask('GET', await listen(app))
    expect([headers['content-encoding'], body.equals(bytes)]).toEqual(['br', true])
  })
})
