import { once } from 'node:events'
import { createServer, get, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInThisContext } from 'node:vm'
import express from 'express'
import { shareShape } from '../../lib/core/shapes'

setFlagsFromString('--allow-natives-syntax')
const haveSameShape: (one: object, other: object) => boolean = runInThisContext(
  '(one, other) => %HaveSameMap(one, other)',
)

type Pair = [request: express.Request, response: express.Response]

describe('shareShape', () => {
  let server: Server
  const held: Pair[] = []

  /** As Express hands them to a middleware. Node.js still settles on shapes of its own during the first ones. */
  beforeAll(async () => {
    const app = express()
    app.use((request, response) => void held.push([request, response]))
    server = createServer(app).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    for (let sent = 0; sent < 20; sent += 1) {
      const arrived = once(server, 'request')
      get({ port, host: '127.0.0.1', agent: false }).on('error', () => {})
      await arrived
    }
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  it('gives requests of Express a shape that they share, and responses too', () => {
    for (const [request, response] of held) {
      shareShape(request, 'res')
      shareShape(response, 'req')
    }
    const [[request, response], [otherRequest, otherResponse]] = held.slice(-2) as [Pair, Pair]
    expect(haveSameShape(request, otherRequest)).toBe(true)
    expect(haveSameShape(response, otherResponse)).toBe(true)
  })

  it('changes nothing that an object holds', () => {
    const marked = {
      name: 1,
      other: Symbol('value'),
      get computed() {
        return 2
      },
    }
    const before = Object.getOwnPropertyDescriptors(marked)
    shareShape(marked, 'name')
    expect(Object.getOwnPropertyDescriptors(marked)).toEqual(before)
  })

  it('leaves an object alone that allows no change', () => {
    const frozen = Object.freeze({ name: 1 })
    shareShape(frozen, 'name')
    expect(frozen).toEqual({ name: 1 })
  })
})
