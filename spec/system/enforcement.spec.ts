import type { Operation } from '../../lib/core/operations'
import { startCluster } from '../support/cluster'
import { startElasticsearchGateway } from '../support/elasticsearch-gateway'
import { type Gateway, startGateway } from '../support/gateway'

type Install =
  import('express-openapi-validator/dist/openapi.validator').OpenApiValidator['installMiddleware']

const created = jest.fn()
const seen: { method: string; path: string; query: unknown; body: unknown }[] = []

// Watches the real validator. The readers of requests repeat its rules, so a missing validator would not show.
jest.mock('express-openapi-validator/dist/openapi.validator', () => {
  const { OpenApiValidator } = jest.requireActual<
    typeof import('express-openapi-validator/dist/openapi.validator')
  >('express-openapi-validator/dist/openapi.validator')
  return {
    OpenApiValidator: class extends OpenApiValidator {
      override installMiddleware(...args: Parameters<Install>) {
        created()
        const handlers = super.installMiddleware(...args)
        const last = handlers.at(-1)
        return [
          ...handlers.slice(0, -1),
          (request: (typeof seen)[number], ...others: unknown[]) => {
            seen.push({
              method: request.method,
              path: request.path,
              query: { ...(request.query as object) },
              body: request.body,
            })
            return (last as unknown as (...args: unknown[]) => unknown)(request, ...others)
          },
        ] as ReturnType<Install>
      }
    },
  }
})

describe('api-spec.yaml', () => {
  let gateway: Gateway
  beforeAll(async () => {
    gateway = await startGateway()
  })
  afterAll(() => gateway.close())

  it('is enforced by express-openapi-validator on every operation', async () => {
    const body = { query: 'ROW n = 1' }
    const operations: Record<Operation, () => Promise<unknown>> = {
      query: () => gateway.alice('POST /_query?pretty', { body }),
      submit: () => gateway.alice('POST /_query/async?drop_null_columns', { body }),
      get: () => gateway.alice('GET /_query/async/a%3D?keep_alive=1d'),
      head: () => gateway.alice('HEAD /_query/async/a'),
      stop: () => gateway.alice('POST /_query/async/a/stop'),
      delete: () => gateway.alice('DELETE /_query/async/a'),
      list: () => gateway.alice('GET /_query/queries?pretty'),
      show: () => gateway.alice('GET /_query/queries/a'),
    }
    for (const send of Object.values(operations)) await send()
    expect(seen).toEqual([
      { method: 'POST', path: '/_query', query: { pretty: 'true' }, body: { query: 'ROW n = 1' } },
      {
        method: 'POST',
        path: '/_query/async',
        query: { drop_null_columns: 'true' },
        body: { query: 'ROW n = 1' },
      },
      { method: 'GET', path: '/_query/async/a%3D', query: { keep_alive: '1d' }, body: undefined },
      { method: 'HEAD', path: '/_query/async/a', query: {}, body: undefined },
      { method: 'POST', path: '/_query/async/a/stop', query: {}, body: undefined },
      { method: 'DELETE', path: '/_query/async/a', query: {}, body: undefined },
      { method: 'GET', path: '/_query/queries', query: { pretty: 'true' }, body: undefined },
      { method: 'GET', path: '/_query/queries/a', query: {}, body: undefined },
    ])
  })

  it('is applied once to gets that differ only in the id', async () => {
    seen.length = 0
    for (const id of ['a', 'b', 'c']) await gateway.alice(`GET /_query/async/${id}?keep_alive=2d`)
    expect(seen).toMatchObject([{ path: '/_query/async/a', query: { keep_alive: '2d' } }])
  })

  it('is compiled once for all routers of a process', async () => {
    const second = await startGateway()
    seen.length = 0
    await second.alice('GET /_query/async/a?keep_alive=3d')
    await second.close()
    expect(seen).toMatchObject([{ query: { keep_alive: '3d' } }])
    expect(created).toHaveBeenCalledTimes(1)
  })

  it.each([
    [false, { keep_alive: '1d' }, undefined],
    [true, { keep_alive: '1d', drop_null_columns: 'true' }, { query: 'ROW n = 1' }],
  ])(
    'is applied in front of a cluster to what the gateway needs; strict: %s',
    async (strict, query, body) => {
      const cluster = await startCluster()
      const inFront = await startElasticsearchGateway('url', cluster.url, { strict })
      seen.length = 0
      await inFront.alice('GET /_query/async/a?keep_alive=1d&drop_null_columns')
      await inFront.alice('POST /_query/async', { body: { query: 'ROW n = 1' } })
      await inFront.close()
      await cluster.close()
      expect(seen).toEqual([
        { method: 'GET', path: '/_query/async/a', query, body: undefined },
        { method: 'POST', path: '/_query/async', query: {}, body },
      ])
    },
  )

  it('is not applied to requests without a caller', async () => {
    seen.length = 0
    await gateway.anonymous('GET /_query/async/a')
    expect(seen).toEqual([])
  })
})
