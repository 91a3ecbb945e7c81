import { type OutgoingHttpHeaders, request as send } from 'node:http'
import type { AsyncQueryStore } from 'express-esql-async-query'
import { ReadingCache, type ReadRequest } from '../../lib/request/reading-cache'
import { type Gateway, startGateway } from '../support/gateway'
import { plain } from '../support/tables'
import { token } from '../support/tokens'

type GetCommand = Extract<ReadRequest['command'], { operation: 'get' | 'head' }>

function read(operation: 'get' | 'head' = 'get', changes: object = {}): ReadRequest {
  const target = { id: 'a', uri: '/_query/async/a', path: '/_query/async/a' }
  const flags = { hasBody: false, pretty: false, human: false }
  const output = {
    format: { format: 'json', contentType: 'x', header: true } as const,
    presentation: { ...plain },
  }
  return {
    incoming: { ...target, operation, parameters: {}, mediaTypes: {}, method: 'GET', ...flags, ...changes },
    command: { operation, id: 'a', output },
  }
}

const other = { id: 'b', uri: '/es/_query/async/b', path: '/es/_query/async/b' }

describe('ReadingCache', () => {
  it('finds a request for another query, with the id of that one', () => {
    const cache = new ReadingCache()
    const { incoming, command } = read()
    cache.add('key', { incoming, command })
    expect(cache.find('key', other)).toEqual({
      incoming: { ...incoming, ...other },
      command: { ...command, id: 'b' },
    })
    expect([incoming.id, 'id' in command && command.id]).toEqual(['a', 'a'])
  })

  it.each([
    ['with another key', 'other key', other],
    ['for an empty id', 'key', { ...other, id: '' }],
  ])('finds nothing %s', (_, key, target) => {
    const cache = new ReadingCache()
    cache.add('key', read())
    expect(cache.find(key, target)).toBeUndefined()
  })

  it('shares frozen objects', () => {
    const cache = new ReadingCache()
    const { incoming, command } = read('head')
    cache.add('key', { incoming, command })
    const found = cache.find('key', other) as ReadRequest
    const { output } = found.command as GetCommand
    const shared = [
      found.incoming.parameters,
      found.incoming.mediaTypes,
      output,
      output.format,
      output.presentation,
    ]
    expect(shared.map((part) => Object.isFrozen(part))).toEqual(shared.map(() => true))
  })

  it('keeps only gets and heads without a body and with a short key', () => {
    const cache = new ReadingCache()
    const { incoming } = read()
    const { output } = read().command as GetCommand
    cache.add('delete', { incoming, command: { operation: 'delete', id: 'a' } })
    cache.add('stop', { incoming, command: { operation: 'stop', id: 'a', output } })
    cache.add('body', read('get', { hasBody: true }))
    cache.add('x'.repeat(1_025), read())
    expect(cache.size).toBe(0)
    cache.add('x'.repeat(1_024), read())
    cache.add('head', read('head'))
    expect(cache.size).toBe(2)
  })

  it('keeps the 256 requests that were used last', () => {
    const cache = new ReadingCache()
    for (let index = 0; index < 300; index += 1) {
      cache.add(`${index}`, read())
      cache.find('0', other)
    }
    expect(cache.size).toBe(256)
    const found = [0, 44, 45].map((index) => cache.find(`${index}`, other) !== undefined)
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
  ])('answers one with %s as a gateway that has not', async (_, target, headers) => {
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
