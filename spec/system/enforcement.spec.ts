import type { Operation } from '../../lib/core/operations'
import { startCluster } from '../support/cluster'
import { startElasticsearchGateway } from '../support/elasticsearch-gateway'
import { type Gateway, startGateway } from '../support/gateway'

type Install =
  import('express-openapi-validator/dist/openapi.validator').OpenApiValidator['installMiddleware']

const created = jest.fn()
const seen: { method: string; path: string; route: unknown; query: unknown; body: unknown }[] = []

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
          (
            request: (typeof seen)[number] & { openapi?: { openApiRoute: string; schema: object } },
            ...others: unknown[]
          ) => {
            seen.push({
              method: request.method,
              path: request.path,
              // Without one, it would let everything pass.
              route: request.openapi?.schema && request.openapi.openApiRoute,
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

  // Of a route that it knows, the second time, the validator does not search the document again.
  it.each([
    ['a%3D', '1d'],
    ['b%3D', '2d'],
  ])('is enforced by express-openapi-validator on every operation, for the id %s', async (id, time) => {
    const body = { query: 'ROW n = 1' }
    const operations: Record<Operation, () => Promise<unknown>> = {
      query: () => gateway.alice('POST /_query?pretty', { body }),
      submit: () => gateway.alice('POST /_query/async?drop_null_columns', { body }),
      get: () => gateway.alice(`GET /_query/async/${id}?keep_alive=${time}`),
      head: () => gateway.alice(`HEAD /_query/async/${id}?keep_alive=${time}`),
      stop: () => gateway.alice(`POST /_query/async/${id}/stop`),
      delete: () => gateway.alice(`DELETE /_query/async/${id}`),
      list: () => gateway.alice('GET /_query/queries?pretty'),
      show: () => gateway.alice(`GET /_query/queries/${id}`),
    }
    seen.length = 0
    for (const send of Object.values(operations)) await send()
    const requests: [method: string, route: string, query?: object, body?: object][] = [
      ['POST', '/_query', { pretty: 'true' }, body],
      ['POST', '/_query/async', { drop_null_columns: 'true' }, body],
      ['GET', '/_query/async/{id}', { keep_alive: time }],
      ['HEAD', '/_query/async/{id}', { keep_alive: time }],
      ['POST', '/_query/async/{id}/stop'],
      ['DELETE', '/_query/async/{id}'],
      ['GET', '/_query/queries', { pretty: 'true' }],
      ['GET', '/_query/queries/{id}'],
    ]
    expect(seen).toEqual(
      requests.map(([method, route, query = {}, sent]) => ({
        ...{ method, route, query, body: sent },
        path: route.replace('{id}', id),
      })),
    )
  })

  it('is applied once to gets that differ only in the id', async () => {
    seen.length = 0
    for (const id of ['a', 'b', 'c']) await gateway.alice(`GET /_query/async/${id}?keep_alive=7d`)
    expect(seen).toMatchObject([{ path: '/_query/async/a', query: { keep_alive: '7d' } }])
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
        { method: 'GET', path: '/_query/async/a', route: '/_query/async/{id}', query, body: undefined },
        { method: 'POST', path: '/_query/async', route: '/_query/async', query: {}, body },
      ])
    },
  )

  it('is not applied to requests without a caller', async () => {
    seen.length = 0
    await gateway.anonymous('GET /_query/async/a')
    expect(seen).toEqual([])
  })
})
