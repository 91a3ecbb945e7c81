import { type OutgoingHttpHeaders, request as send } from 'node:http'
import type { AsyncQueryStore } from 'express-esql-async-query'
import type { Command } from '../../lib/request/command'
import { ReadingCache } from '../../lib/request/reading-cache'
import { type Gateway, startGateway } from '../support/gateway'
import { plain } from '../support/tables'
import { token } from '../support/tokens'

type GetCommand = Extract<Command, { operation: 'get' | 'head' }>

const OUTPUT = { format: { format: 'json', contentType: 'x', header: true }, presentation: plain } as const

function read(operation: 'get' | 'head' = 'get'): GetCommand {
  const output = { format: { ...OUTPUT.format }, presentation: { ...plain } }
  return { operation, output, head: { parameters: {}, sentParameters: [], mediaTypes: {} } }
}

describe('ReadingCache', () => {
  it('finds the command of a request for another query', () => {
    const cache = new ReadingCache()
    cache.add('key', read())
    expect(cache.find('key', 'b')).toEqual(read())
  })

  it.each([
    ['with another key', 'other key', 'b'],
    ['for an empty id', 'key', ''],
  ])('finds nothing %s', (_, key, id) => {
    const cache = new ReadingCache()
    cache.add('key', read())
    expect(cache.find(key, id)).toBeUndefined()
  })

  it('shares frozen objects', () => {
    const cache = new ReadingCache()
    cache.add('key', read('head'))
    const command = cache.find('key', 'b') as GetCommand
    const { head, output } = command
    const shared = [
      command,
      head,
      head.parameters,
      head.mediaTypes,
      output,
      output.format,
      output.presentation,
    ]
    expect(shared.map((part) => Object.isFrozen(part))).toEqual(shared.map(() => true))
  })

  it('keeps only gets and heads with a short key', () => {
    const cache = new ReadingCache()
    const { head, output } = read()
    const acknowledgement = {
      format: 'json',
      contentType: 'x',
      pretty: false,
      filterPath: undefined,
    } as const
    cache.add('delete', { operation: 'delete', head, output: acknowledgement })
    cache.add('stop', { operation: 'stop', head, output })
    cache.add('x'.repeat(1_025), read())
    expect(cache.size).toBe(0)
    cache.add('x'.repeat(1_024), read())
    cache.add('head', read('head'))
    expect(cache.size).toBe(2)
  })

  it('keeps the 256 most recently used requests', () => {
    const cache = new ReadingCache()
    for (let index = 0; index < 300; index += 1) {
      cache.add(`${index}`, read())
      cache.find('0', 'b')
    }
    expect(cache.size).toBe(256)
    const found = [0, 44, 45].map((index) => cache.find(`${index}`, 'b') !== undefined)
    expect(found).toEqual([true, false, true])
  })
})

describe('a gateway that has read the same request before', () => {
  let gateway: Gateway
  const seen: unknown[] = []
  const store: AsyncQueryStore = {
    async get(id, _owner, { signal, ...options }) {
      seen.push({ id, ...options })
      return { isRunning: true, id }
    },
    async stop() {
      return undefined
    },
  }

  beforeEach(async () => {
    seen.length = 0
    gateway = await startGateway({ store })
  })
  afterEach(() => gateway.close())

  it('asks the store for the query of each request, with its own options', async () => {
    for (const target of [
      'a?keep_alive=1d',
      'b?keep_alive=1d',
      'c%3D?keep_alive=2d',
      'd',
      'e?keep_alive=1d',
    ]) {
      expect((await gateway.alice(`GET /_query/async/${target}`)).status).toBe(200)
    }
    const waits = { waitForCompletionTimeoutMs: Number.POSITIVE_INFINITY }
    expect(seen).toEqual([
      { id: 'a', keepAliveMs: 86_400_000, ...waits },
      { id: 'b', keepAliveMs: 86_400_000, ...waits },
      { id: 'c=', keepAliveMs: 172_800_000, ...waits },
      { id: 'd', ...waits },
      { id: 'e', keepAliveMs: 86_400_000, ...waits },
    ])
  })

  it.each<[string, string, Record<string, string>]>([
    ['another parameter', 'GET /_query/async/b?format=csv&x', {}],
    ['a value that is wrong', 'GET /_query/async/b?keep_alive=nope', {}],
    ['no id', 'GET /_query/async/?format=csv', {}],
    ['another route', 'GET /_query/async/b/stop?format=csv', {}],
    ['another method', 'POST /_query/async/b?format=csv', {}],
    ['an operation with other parameters', 'POST /_query/async/b/stop?format=csv&keep_alive=1d', {}],
    [
      'another Accept',
      'GET /_query/async/b?format=csv',
      { accept: 'application/vnd.elasticsearch+json;compatible-with=7' },
    ],
    ['an empty Accept', 'GET /_query/async/b?format=csv', { accept: '' }],
    ['an empty Content-Type', 'GET /_query/async/b?format=csv', { 'content-type': '' }],
    ['another Content-Type', 'GET /_query/async/b?format=csv', { 'content-type': 'nonsense' }],
  ])('answers a request with %s like a fresh gateway', async (_, target, headers) => {
    const cold = await gateway.alice(target, { headers })
    await gateway.close()
    gateway = await startGateway({ store })
    for (const id of ['a', 'b']) await gateway.alice(`GET /_query/async/${id}?format=csv`)
    const warm = await gateway.alice(target, { headers })
    expect({ status: warm.status, text: warm.text }).toEqual({ status: cold.status, text: cold.text })
    expect(cold.status).toBeGreaterThanOrEqual(400)
  })

  it('refuses a body and a repeated header as before', async () => {
    for (const id of ['a', 'b']) await gateway.alice(`GET /_query/async/${id}`)
    expect((await gateway.alice('GET /_query/async/b', { body: { query: 'x' } })).status).toBe(400)
    const accepts = await statusOf({ accept: ['application/json', 'text/csv'] })
    expect(accepts).toBe(400)
  })

  function statusOf(headers: OutgoingHttpHeaders): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const sending = send(`${gateway.url}/_query/async/b`, {
        headers: { authorization: `Bearer ${token()}`, ...headers },
        agent: false,
      })
      sending.on('response', (response) => resolve(response.resume().statusCode))
      sending.on('error', reject)
      sending.end()
    })
  }
})
