import { createServer } from 'node:http'

/** Serves on a free port. Nothing ends a request or a kept connection but the case itself. */
export async function listen(handler) {
  const server = createServer({ requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 }, handler)
  await new Promise((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, resolve))
  return { port: server.address().port }
}
