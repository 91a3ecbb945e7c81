import { fileURLToPath } from 'node:url'
import { answerCommands } from '../support/commands.mjs'

// A fresh process, in which nothing is loaded before it is asked for.

const TABLE = { columns: [{ name: 'n', type: 'long' }], values: [[1]] }
const QUERY = { query: 'ROW n = 1' }
const DOCUMENT = fileURLToPath(new URL('../../api-spec.yaml', import.meta.url))

answerCommands({
  start: () => {},
  /** How long one of them takes from its import to its first answer, in milliseconds, and a second one in the process. */
  async answer(name) {
    const began = performance.now()
    let start
    try {
      start = await LOADERS[name]()
    } catch (error) {
      if (error.code === 'ERR_MODULE_NOT_FOUND') return undefined
      throw error
    }
    await answered(start)
    const firstMs = performance.now() - began
    const again = performance.now()
    await answered(start)
    return { firstMs, furtherMs: performance.now() - again }
  },
})

async function answered(start) {
  const { ask, close } = await start()
  const body = await ask()
  if (body?.columns === undefined) throw new Error('the answer has no columns')
  await close()
}

const LOADERS = {
  async double() {
    const { startDouble } = await import('express-esql-async-query/double')
    return async () => {
      const double = await startDouble({ inProduction: true })
      double.on(QUERY.query).completes(TABLE)
      return { ask: () => post(double.url), close: () => double.close() }
    }
  },
  /** Stands in for the connection of the JavaScript client alone. */
  async '@elastic/elasticsearch-mock'() {
    const { default: Mock } = await import('@elastic/elasticsearch-mock')
    const { Client } = await import('@elastic/elasticsearch')
    return async () => {
      const mock = new Mock()
      mock.add({ method: 'POST', path: '/_query/async' }, () => TABLE)
      const client = new Client({ node: 'http://localhost:9200', Connection: mock.getConnection() })
      return { ask: () => client.esql.asyncQuery(QUERY), close() {} }
    }
  },
  /** Stands in for `fetch` in this process. */
  async msw() {
    const { http, HttpResponse } = await import('msw')
    const { setupServer } = await import('msw/node')
    return async () => {
      const url = 'http://localhost:9200'
      const server = setupServer(http.post(`${url}/_query/async`, () => HttpResponse.json(TABLE)))
      server.listen({ onUnhandledRequest: 'error' })
      return { ask: () => post(url), close: () => server.close() }
    }
  },
  /** Answers with the examples of our own document. */
  async '@stoplight/prism-http-server'() {
    const { createServer } = await import('@stoplight/prism-http-server')
    const { getHttpOperationsFromSpec } = await import('@stoplight/prism-http')
    return async () => {
      const operations = await getHttpOperationsFromSpec(DOCUMENT)
      const server = createServer(operations, {
        components: { logger: silent() },
        config: {
          checkSecurity: true,
          validateRequest: true,
          validateResponse: true,
          errors: false,
          upstreamProxy: undefined,
          mock: { dynamic: false },
          isProxy: false,
        },
        cors: true,
      })
      const url = await server.listen(0, '127.0.0.1')
      return { ask: () => post(url), close: () => server.close() }
    }
  },
}

async function post(url) {
  const response = await fetch(`${url}/_query/async`, {
    method: 'POST',
    headers: { authorization: 'Bearer x', 'content-type': 'application/json' },
    body: JSON.stringify(QUERY),
  })
  return response.json()
}

function silent() {
  const logger = {}
  for (const level of ['trace', 'debug', 'info', 'success', 'warn', 'error', 'fatal'])
    logger[level] = () => {}
  return Object.assign(logger, { child: () => logger })
}
