import { once } from 'node:events'
import type { OutgoingHttpHeaders } from 'node:http'
import { createServer, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Request } from 'express'
import express from 'express'

/** The request that Express passes to a `resolveCaller`, after a real round trip. A list of values becomes several lines. */
export async function incomingRequest(
  headers: OutgoingHttpHeaders = {},
  url = '/_query/async/id',
): Promise<Request> {
  const app = express()
  const received = new Promise<Request>((resolve) => {
    app.use((request, response) => {
      resolve(request)
      response.end()
    })
  })
  const server = createServer({ maxHeaderSize: 2 ** 20 }, app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const outgoing = send({ host: '127.0.0.1', port, path: url, headers, agent: false }).end()
  const [incoming] = await once(outgoing, 'response')
  incoming.resume()
  await once(incoming, 'end')
  server.close()
  return received
}
