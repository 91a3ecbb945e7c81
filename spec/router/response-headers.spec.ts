import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { errorJson } from '../support/engine'
import { type Gateway, startGateway } from '../support/gateway'
import { token } from '../support/tokens'

const UNKNOWN = 'FkpMRkJGS1gzVDRlM3g4ZzMyRGlLbkEaTXlJZHdNT09TU2VTZVBoNDM3cFZMUToxMDM='

describe('the headers of an answer', () => {
  let gateway: Gateway
  beforeEach(async () => {
    gateway = await startGateway()
  })
  afterEach(() => gateway.close())

  async function submit(query = 'ROW n = 1'): Promise<string> {
    const { headers } = await gateway.alice('POST /_query/async', {
      body: { query, keep_on_completion: true, wait_for_completion_timeout: query === 'RUN' ? '0' : '1d' },
    })
    return headers['x-elasticsearch-async-id'] ?? ''
  }

  /** Sends text as Latin-1, and resolves with the answer as Latin-1. */
  function exchange(lines: string[], body = ''): Promise<string> {
    const { port } = gateway.server.address() as AddressInfo
    return new Promise((resolve) => {
      const head = [
        ...lines,
        'Host: x',
        `Authorization: Bearer ${token({ sub: 'alice' })}`,
        'Connection: close',
      ]
      const socket = connect(port, '127.0.0.1', () => {
        socket.write(Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`, 'latin1'))
      })
      const chunks: Buffer[] = []
      socket.on('data', (chunk: Buffer) => chunks.push(chunk))
      socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')))
    })
  }

  it.each(['caf\xe9', 'caf\xc3\xa9', '\xff\xfe\x80', 'plain'])(
    'have the bytes of X-Opaque-Id as they came: %j',
    async (opaqueId) => {
      const id = await submit()
      const large = await submit('LARGE')
      const requests = [
        `GET /_query/async/${id}`,
        `GET /_query/async/${id}?format=csv`,
        `GET /_query/async/${large}?format=txt`,
        `GET /_query/async/${UNKNOWN}`,
        `HEAD /_query/async/${id}`,
        'PUT /_query/async',
        'OPTIONS /_query/async',
        `DELETE /_query/async/${id}`,
      ]
      for (const request of requests) {
        const answer = await exchange([`${request} HTTP/1.1`, `X-Opaque-Id: ${opaqueId}`])
        expect([request, /^x-opaque-id: (.*)\r$/im.exec(answer)?.[1]]).toEqual([request, opaqueId])
      }
    },
  )

  it('let a Node.js client use one connection for many heads', async () => {
    const [completed, running] = [await submit(), await submit('RUN')]
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const connections = new Set<unknown>()
    gateway.server.on('connection', (socket) => connections.add(socket))
    const paths = [
      ...[completed, `${completed}?format=csv`, running, UNKNOWN, 'no-id', `${completed}?nonsense`],
      ...Array.from({ length: 20 }, () => completed),
    ]
    const answers: unknown[] = []
    for (const path of paths) {
      const answer = await new Promise<IncomingMessage>((resolve) => {
        httpRequest(
          `${gateway.url}/_query/async/${path}`,
          { method: 'HEAD', agent, headers: { authorization: `Bearer ${token({ sub: 'alice' })}` } },
          resolve,
        ).end()
      })
      answers.push(answer.statusCode)
      for await (const _ of answer) throw new Error('an answer to HEAD has a body')
    }
    agent.destroy()
    expect(answers.slice(0, 7)).toEqual([200, 200, 200, 404, 400, 400, 200])
    expect(connections.size).toBe(1)
  })

  it('of a HEAD have the length of the error that a GET gets, and no chunks', async () => {
    const answer = await exchange([`HEAD /_query/async/${UNKNOWN} HTTP/1.1`])
    const length = errorJson(404, 'resource_not_found_exception', UNKNOWN).length
    expect(answer).toMatch(new RegExp(`content-length: ${length}\r\n`))
    expect(answer.endsWith('\r\n\r\n')).toBe(true)
    const found = await exchange([`HEAD /_query/async/${await submit()} HTTP/1.1`])
    expect(found).toMatch(/transfer-encoding: chunked\r\n/)
    expect(found.endsWith('\r\n\r\n')).toBe(true)
  })

  it('name no encoding to a client of HTTP/1.0', async () => {
    const answer = await exchange([`HEAD /_query/async/${await submit()} HTTP/1.0`])
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
    expect(answer).not.toMatch(/transfer-encoding/i)
  })
})
