import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import type { Gateway } from '../support/gateway'
import { startGateway } from '../support/gateway'
import { collectGarbage } from '../support/memory-heap'
import { token } from '../support/tokens'
import { until } from '../support/until'

const BLANKS = ' '.repeat(1_000_000)
const SUBMITS = 30

/** Everything that the process holds, in the heap and beside it. */
async function memory(): Promise<number> {
  await collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

describe('the memory of a gateway', () => {
  let gateway: Gateway

  afterEach(() => gateway.close())

  const submit = (fields: string) =>
    gateway.alice('POST /_query/async', {
      headers: { 'content-type': 'application/json' },
      body: `{${fields},${BLANKS}"keep_on_completion":true}`,
    })

  it.each([
    ['time zones', '"query":"FROM books","time_zone":"America/Argentina/Buenos_Aires"'],
    ['queries that the result repeats', '"query":"ROW a = \\"of some length\\""'],
    ['parameters that the result repeats', '"query":"ROW a = ?","params":["a text of some length"]'],
  ])('holds no bodies of finished submits, in spite of %s', async (_what, fields) => {
    gateway = await startGateway({
      memory: {
        execute: ({ query, params = [] }) => ({
          columns: [{ name: 'x', type: 'keyword' }],
          values: [[[query, ...params.map(({ value }) => String(value))]]],
        }),
      },
    })
    await submit(fields)
    const before = await memory()
    for (let count = 0; count < SUBMITS; count += 1) expect((await submit(fields)).status).toBe(200)
    expect((await memory()) - before).toBeLessThan(8_000_000)
  })

  it('holds no bodies of submits that wait', async () => {
    gateway = await startGateway()
    const fields = '"query":"RUN","wait_for_completion_timeout":"1d"'
    const first = submit(fields)
    await until(() => gateway.engine.runs.length === 1)
    const before = await memory()
    const answers = [first, ...Array.from({ length: SUBMITS }, () => submit(fields))]
    await until(() => gateway.engine.runs.length === SUBMITS + 1)
    // The clients of this process hold what they have sent.
    const sent = SUBMITS * BLANKS.length
    expect((await memory()) - before).toBeLessThan(1.5 * sent)
    for (const { complete } of gateway.engine.runs) complete()
    await Promise.all(answers)
  })
})

describe('a result that clients read slowly', () => {
  let gateway: Gateway
  const readers: Socket[] = []

  beforeEach(async () => {
    gateway = await startGateway({
      isDocumented: false,
      maxCachedBytes: 0,
      memory: { maxBytes: 30_000_000, execute: () => LARGE },
    })
  })
  afterEach(() => gateway.close())

  const LARGE = {
    columns: [{ name: 'x', type: 'keyword' as const }],
    values: Array.from({ length: 200 }, (_, index) => [`${index}`.padStart(100_000, 'x')]),
  }

  const submit = (isKept: boolean) =>
    gateway.alice('POST /_query/async?filter_path=id,error', {
      body: { query: 'FROM x', keep_on_completion: isKept, wait_for_completion_timeout: '1m' },
    })

  /** Begins to read an answer and stops. */
  async function stall(request: string): Promise<Socket> {
    const { port } = new URL(gateway.url)
    const socket = connect(Number(port), '127.0.0.1')
    const jwt = token({ sub: 'alice' })
    socket.write(request.replace('\n', `\r\nHost: x\r\nAuthorization: Bearer ${jwt}\r\n`))
    await once(socket, 'data')
    socket.pause()
    readers.push(socket)
    return socket
  }

  it.each<[string, (id: string) => Promise<unknown>]>([
    ['deleted', (id) => gateway.alice(`DELETE /_query/async/${id}`)],
    ['expired', () => gateway.clock.advance(432_000_000)],
  ])('stays counted when it is %s, until the last of them has left', async (_event, forget) => {
    const { headers } = await submit(true)
    const id = headers['x-elasticsearch-async-id'] ?? ''
    const [one, other] = [
      await stall(`GET /_query/async/${id} HTTP/1.1\n\r\n`),
      await stall(`GET /_query/async/${id} HTTP/1.1\n\r\n`),
    ]
    await forget(id)
    one.destroy()
    await until(() => gateway.router.waiting === 1)
    expect((await submit(true)).status).toBe(429)
    other.destroy()
    await until(() => gateway.router.waiting === 0)
    expect((await submit(true)).status).toBe(200)
  })

  it('is counted when the submit itself is read slowly', async () => {
    const body = JSON.stringify({ query: 'FROM x', wait_for_completion_timeout: '1m' })
    const type = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    const reader = await stall(`POST /_query/async HTTP/1.1\n${type}`)
    expect((await submit(false)).status).toBe(429)
    reader.destroy()
    await until(() => gateway.router.waiting === 0)
    expect((await submit(false)).status).toBe(200)
  })
})
