import { once } from 'node:events'
import { type ClientHttp2Session, connect, createServer } from 'node:http2'
import { type AddressInfo, connect as connectTcp } from 'node:net'
import express, { type Express } from 'express'
import { asyncQueryRouter, MemoryStore } from 'express-esql-async-query'
import createHttp2Express from 'http2-express'
import serverless from 'serverless-http'
import { Engine } from '../support/engine'
import { type Gateway, startGateway } from '../support/gateway'
import { token } from '../support/tokens'
import { until } from '../support/until'

const JSON_TYPE = { 'content-type': 'application/json' }
const SUBMIT = '{"query":"ROW n = 1","keep_on_completion":true}'
const WAITING = '{"query":"RUN","wait_for_completion_timeout":"1h"}'
const MALFORMED = '{"query":'

interface Host {
  app: Express
  engine: Engine
  router: ReturnType<typeof asyncQueryRouter>
}

function createHost(app: Express, options = {}): Host {
  const engine = new Engine()
  const store = new MemoryStore({ execute: engine.execute })
  const router = asyncQueryRouter({ store, resolveCaller: () => ({ owner: 'alice' }), ...options })
  app.use(router)
  return { app, engine, router }
}

describe('behind serverless-http', () => {
  const entries: object[] = []
  const note = (entry: object): void => void entries.push(entry)
  const { app } = createHost(express(), { logger: { debug: note, info: note, warn: note, error: note } })
  const invoke = serverless(app)

  const event = (method: string, path: string, headers: object = {}, body: string | null = null) => ({
    version: '2.0',
    rawPath: path,
    rawQueryString: '',
    headers,
    body,
    isBase64Encoded: false,
    requestContext: { http: { method, sourceIp: '127.0.0.1' } },
  })
  const ask = async (...parts: Parameters<typeof event>) =>
    (await invoke(event(...parts), {})) as {
      statusCode: number
      headers: Record<string, string>
      body: string
    }

  it('a query is submitted, read, asked for and deleted', async () => {
    const submitted = await ask('POST', '/_query/async', JSON_TYPE, SUBMIT)
    expect([submitted.statusCode, submitted.headers['content-type']]).toEqual([200, 'application/json'])
    const { id } = JSON.parse(submitted.body)
    const read = await ask('GET', `/_query/async/${id}`, { accept: 'text/csv' })
    expect([read.statusCode, read.headers['content-type'], read.body.split('\r\n')[0]]).toEqual([
      200,
      'text/csv; charset=utf-8; header=present',
      'n,name,price,gone',
    ])
    expect((await ask('HEAD', `/_query/async/${id}`)).statusCode).toBe(200)
    expect((await ask('DELETE', `/_query/async/${id}`)).body).toBe('{"acknowledged":true}')
    expect((await ask('GET', `/_query/async/${id}`)).statusCode).toBe(404)
  })

  it.each([
    ['a body without a type', {}, SUBMIT, 406, 'Content-Type header is missing'],
    [
      'a body of another type',
      { 'content-type': 'text/plain' },
      SUBMIT,
      406,
      '[text/plain] is not supported',
    ],
    ['malformed JSON', JSON_TYPE, MALFORMED, 400, 'Unexpected end-of-input'],
    ['a wrong Accept', { ...JSON_TYPE, accept: 'nonsense' }, SUBMIT, 400, 'invalid media-type [nonsense]'],
    ['no body', {}, null, 400, 'request body or source parameter is required'],
  ])('%s is refused', async (_name, headers, body, status, reason) => {
    const answer = await ask('POST', '/_query/async', headers, body)
    expect([answer.statusCode, answer.body]).toEqual([status, expect.stringContaining(reason)])
  })

  it('the log has a number of bytes', async () => {
    await ask('POST', '/_query/async', JSON_TYPE, SUBMIT)
    expect(entries.at(-1)).toMatchObject({ operation: 'submit', status: 200, bytes: 0 })
  })

  it('an X-Opaque-Id that no header can hold is left out', async () => {
    const ids = ['caf\u00e9', '\u6f22']
    const answers = await Promise.all(
      ids.map((id) => ask('POST', '/_query/async', { ...JSON_TYPE, 'x-opaque-id': id }, SUBMIT)),
    )
    expect(answers.map(({ statusCode, headers }) => [statusCode, headers['x-opaque-id']])).toEqual([
      [200, 'caf\u00e9'],
      [200, undefined],
    ])
  })
})

describe('over HTTP/2', () => {
  let host: Host
  let session: ClientHttp2Session
  let stop: () => void
  const warnings: string[] = []
  const warned = ({ message }: Error): void => {
    warnings.push(message)
  }

  beforeEach(async () => {
    host = createHost(createHttp2Express(express), { maxBodyBytes: 100_000 })
    const server = createServer(host.app as never)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    process.on('warning', warned)
    stop = () => {
      process.off('warning', warned)
      session.destroy()
      server.close()
    }
  })
  afterEach(() => stop())

  /** Sends no `content-length`. */
  async function ask(method: string, path: string, headers: object = {}, ...pieces: string[]) {
    const stream = session.request(
      { ':method': method, ':path': path, ...headers },
      { endStream: pieces.length === 0 },
    )
    for (const piece of pieces) stream.write(piece)
    if (pieces.length > 0) stream.end()
    const [head] = await once(stream, 'response')
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk)
    return { status: head[':status'], headers: head, text: Buffer.concat(chunks).toString() }
  }

  it('a query is submitted, read, asked for and deleted', async () => {
    const submitted = await ask('POST', '/_query/async', JSON_TYPE, SUBMIT.slice(0, 9), SUBMIT.slice(9))
    expect(submitted.status).toBe(200)
    const path = `/_query/async/${JSON.parse(submitted.text).id}`
    expect((await ask('GET', `${path}?format=csv`)).text).toContain('n,name,price,gone\r\n')
    expect(await ask('HEAD', path)).toMatchObject({ status: 200, text: '' })
    expect((await ask('DELETE', path)).text).toBe('{"acknowledged":true}')
    expect((await ask('GET', path)).status).toBe(404)
    expect(host.engine.requests).toEqual([{ query: 'ROW n = 1' }])
  })

  it.each([
    ['no type', 'POST', {}, [SUBMIT], 406, 'Content-Type header is missing'],
    ['malformed JSON', 'POST', JSON_TYPE, [MALFORMED], 400, 'Unexpected end-of-input'],
    ['no body', 'POST', JSON_TYPE, [], 400, 'request body or source parameter is required'],
    [
      'too many bytes',
      'POST',
      JSON_TYPE,
      Array.from({ length: 101 }, () => ' '.repeat(1_000)),
      413,
      'exceeded 100000 bytes',
    ],
    ['a wrong method', 'PUT', JSON_TYPE, [SUBMIT], 405, 'Incorrect HTTP method'],
  ])('%s is refused', async (_name, method, headers, pieces, status, reason) => {
    const answer = await ask(method, '/_query/async', headers, ...pieces)
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(reason)])
    expect(warnings).toEqual([])
  })

  it('a get with a body is refused', async () => {
    const { status, text } = await ask('GET', '/_query/async/abcd', JSON_TYPE, SUBMIT)
    expect([status, text]).toEqual([400, expect.stringContaining('does not support having a body')])
  })

  it('a wait ends when the client cancels its stream, and when the process drains', async () => {
    const stream = session.request({ ':method': 'POST', ':path': '/_query/async', ...JSON_TYPE })
    stream.end(WAITING)
    await until(() => host.router.waiting === 1)
    stream.close()
    await until(() => host.router.waiting === 0)
    const answer = ask('POST', '/_query/async', JSON_TYPE, WAITING)
    await until(() => host.router.waiting === 1)
    host.router.drain()
    expect(JSON.parse((await answer).text)).toMatchObject({ is_running: true })
    expect(warnings).toEqual([])
  })

  it('an X-Opaque-Id comes back as it was sent', async () => {
    const { headers } = await ask(
      'POST',
      '/_query/async',
      { ...JSON_TYPE, 'x-opaque-id': 'caf\u00e9' },
      SUBMIT,
    )
    expect(headers['x-opaque-id']).toBe('caf\u00e9')
  })
})

describe('a host that sets headers of requests', () => {
  let gateway: Gateway
  afterEach(() => gateway.close())

  const start = async (set: (headers: Record<string, unknown>) => void): Promise<Gateway> => {
    gateway = await startGateway({
      before: (app) => {
        app.use((request, _response, next) => {
          set(request.headers)
          next()
        })
      },
    })
    return gateway
  }
  const submit = async (headers: Record<string, string>) => {
    const response = await fetch(`${gateway.url}/_query/async`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token()}`, ...headers },
      body: Buffer.from(SUBMIT),
    })
    return [response.status, response.headers.get('content-type'), await response.text()]
  }

  it.each<[string, (headers: Record<string, unknown>) => void, Record<string, string>, number, string]>([
    [
      'a missing Content-Type',
      (headers) => {
        headers['content-type'] ??= 'application/json'
      },
      {},
      200,
      'application/json',
    ],
    [
      'another Content-Type than the one sent',
      (headers) => {
        headers['content-type'] = 'application/json'
      },
      { 'content-type': 'application/octet-stream' },
      200,
      'application/json',
    ],
    [
      'Accept',
      (headers) => {
        headers.accept = 'application/yaml'
      },
      { ...JSON_TYPE, accept: '*/*' },
      200,
      'application/yaml',
    ],
    [
      'Accept to a list of one',
      (headers) => {
        headers.accept = ['application/yaml']
      },
      JSON_TYPE,
      200,
      'application/yaml',
    ],
    [
      'no Content-Type any more',
      (headers) => {
        delete headers['content-type']
      },
      JSON_TYPE,
      406,
      'application/json',
    ],
  ])('has the last word about %s', async (_name, set, headers, status, type) => {
    await start(set)
    expect(await submit(headers)).toEqual([status, type, expect.any(String)])
  })

  it('still has a second value refused that the client sent', async () => {
    await start((headers) => {
      headers['content-type'] ??= 'application/json'
    })
    const { port } = gateway.server.address() as AddressInfo
    const response = await new Promise<string>((resolve) => {
      const socket = connectTcp(port, '127.0.0.1', () => {
        socket.write(
          `GET /_query/async/abcd HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token()}\r\n` +
            'Accept: text/csv\r\nAccept: text/csv\r\nConnection: close\r\n\r\n',
        )
      })
      const chunks: Buffer[] = []
      socket.on('data', (chunk: Buffer) => chunks.push(chunk))
      socket.on('close', () => resolve(Buffer.concat(chunks).toString()))
    })
    expect(response).toContain('Incorrect header [Accept]. Only one value should be provided')
  })
})
