import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { QueryResult } from 'express-esql-async-query'
import { type Gateway, startGateway } from '../support/gateway'
import { token } from '../support/tokens'
import { until } from '../support/until'

const SUBMIT = {
  body: { query: 'RUN', wait_for_completion_timeout: '0s', keep_on_completion: true },
}

const HEAD = 'HTTP/1.1 '

/** An answer of a megabyte. */
const LARGE: QueryResult = {
  columns: [{ name: 'x', type: 'keyword' }],
  values: Array(1_000).fill(['x'.repeat(1_000)]),
}

describe('requests that are pipelined behind a wait', () => {
  let gateway: Gateway
  let path: string
  let client: Socket
  let received: string
  let answers: number

  beforeEach(async () => {
    gateway = await startGateway({
      isDocumented: false,
      after: (app) => app.use((_, res) => void res.send('host')),
    })
    const { json } = await gateway.alice('POST /_query/async', SUBMIT)
    path = `/_query/async/${encodeURIComponent((json as { id: string }).id)}`
    received = ''
    answers = 0
    client = connect(Number(new URL(gateway.url).port), '127.0.0.1')
    client.on('data', (bytes) => {
      const text = bytes.toString('latin1')
      const end = received.slice(-HEAD.length + 1)
      answers += (end + text).split(HEAD).length - 1
      received += text
    })
    client.on('error', () => {})
    await once(client, 'connect')
  })
  afterEach(async () => {
    client.destroy()
    await gateway.close()
  })

  const request = (target: string, body = '') => {
    const length = body === '' ? '' : `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`
    return `${target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token({ sub: 'alice' })}\r\n${length}\r\n${body}`
  }
  const running = () => received.match(/"is_running":true/g)?.length ?? 0

  it.each([
    ['another wait', () => request(`GET ${path}`), 1],
    ['a get that does not wait', () => request(`GET ${path}?wait_for_completion_timeout=0`), 0],
    ['a submit', () => request('POST /_query/async', '{"query":"RUN"}'), 1],
    ['a refused request', () => request('GET /_query/async/%00'), 0],
    ['a request that is not ours', () => request('GET /other'), 0],
  ])('end it, in %s', async (_, follower, waiting) => {
    client.write(request(`GET ${path}`))
    await until(() => gateway.router.waiting === 1)
    client.write(follower())
    await until(() => answers === 2 - waiting)
    expect([received.slice(HEAD.length, HEAD.length + 3), running() > 0, gateway.router.waiting]).toEqual([
      '200',
      true,
      waiting,
    ])
    client.destroy()
    await until(() => gateway.router.waiting === 0)
  })

  it('let just the last of several that arrive at once wait', async () => {
    client.write(request(`GET ${path}`).repeat(20))
    await until(() => answers === 19)
    expect([running(), gateway.router.waiting]).toEqual([19, 1])
    gateway.engine.run.complete()
    await until(() => answers === 20)
    expect([running(), gateway.router.waiting]).toEqual([19, 0])
  })

  it('do not keep later requests on the connection from waiting', async () => {
    client.write(request(`GET ${path}?wait_for_completion_timeout=0`).repeat(3))
    await until(() => answers === 3)
    client.write(request(`GET ${path}`))
    await until(() => gateway.router.waiting === 1)
    gateway.engine.run.complete()
    await until(() => answers === 4)
    expect(running()).toBe(3)
  })

  it.each([
    ['reads', true],
    ['does not read', false],
  ])(
    'in any number leave few waits, and none when the client leaves that %s',
    async (_, reads) => {
      if (!reads) client.pause()
      let most = 0
      const watching = setInterval(() => {
        most = Math.max(most, gateway.router.waiting)
      }, 5)
      for (let sent = 0; sent < 4_000; sent += 1_000) client.write(request(`GET ${path}`).repeat(1_000))
      client.write(request(`GET ${path}`))
      if (reads) await until(() => answers === 4_000)
      else await pause(300)
      clearInterval(watching)
      expect(gateway.router.waiting).toBe(1)
      expect(most).toBeLessThan(2_000)
      client.destroy()
      await until(() => gateway.router.waiting === 0)
    },
    60_000,
  )
})

describe('synchronous queries on one connection', () => {
  let gateway: Gateway
  let client: Socket
  let received: string

  beforeEach(async () => {
    gateway = await startGateway({
      isDocumented: false,
      memory: {
        execute: (request, context) =>
          request.query === 'LARGE' ? LARGE : gateway.engine.execute(request, context),
      },
    })
    received = ''
    client = connect(Number(new URL(gateway.url).port), '127.0.0.1')
    client.on('data', (bytes) => {
      received += bytes.toString('latin1')
    })
    client.on('error', () => {})
    await once(client, 'connect')
  })
  afterEach(async () => {
    client.destroy()
    await gateway.close()
  })

  const request = (target: string, body = '') => {
    const length = body === '' ? '' : `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`
    return `${target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token({ sub: 'alice' })}\r\n${length}\r\n${body}`
  }
  const query = (text: string) => request('POST /_query', JSON.stringify({ query: text }))
  const begun = (count: number) => until(() => gateway.engine.runs.length === count)
  const statuses = () => Array.from(received.matchAll(/HTTP\/1\.1 (\d+)/g), ([, status]) => status)

  it('are answered in order, and no later request ends an earlier one', async () => {
    client.write(query('RUN'))
    await begun(1)
    client.write(query('ROW n = 1') + query('FAIL') + request('GET /_query/async/%00') + query('RUN'))
    await begun(2)
    await pause(50)
    expect([received, gateway.router.waiting >= 2]).toEqual(['', true])
    gateway.engine.runs[1]?.complete()
    gateway.engine.runs[0]?.complete()
    await until(() => statuses().length === 5)
    expect(statuses()).toEqual(['200', '200', '400', '400', '200'])
    expect(received).not.toContain('is_running')
  })

  it('end the wait of a get before them', async () => {
    const { json } = await gateway.alice('POST /_query/async', SUBMIT)
    client.write(request(`GET /_query/async/${encodeURIComponent((json as { id: string }).id)}`))
    await until(() => gateway.router.waiting === 1)
    client.write(query('ROW n = 1'))
    await until(() => statuses().length === 2)
    expect(received.match(/"is_running":true/g)?.length).toBe(1)
  })

  it('are refused once Node.js no longer reads what comes behind them', async () => {
    client.write(query('RUN'))
    await begun(1)
    client.write(query('ROW n = 1').repeat(500))
    await until(() => gateway.engine.runs.every(({ signal }) => signal.aborted))
    await until(() => statuses().length === 501)
    expect(statuses()[0]).toBe('429')
    expect(received).toContain('send it on a connection of its own')
  })

  it.each([
    ['other queries', () => query('RUN').repeat(3)],
    ['small answers', () => query('ROW n = 1').repeat(10)],
    ['large answers', () => query('LARGE').repeat(10)],
    ['more answers than Node.js reads ahead', () => query('ROW n = 1').repeat(500)],
  ])('are all cancelled when the client leaves, with %s behind them', async (_, followers) => {
    client.write(query('RUN'))
    await begun(1)
    client.write(followers())
    await pause(300)
    client.destroy()
    await until(() => gateway.engine.runs.every(({ signal }) => signal.aborted))
    await until(() => gateway.router.waiting === 0)
  })
})
