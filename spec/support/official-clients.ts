import type { Client } from '@elastic/elasticsearch'

/** The packages of the official client: the oldest release with async queries, the last ones of each line, the newest. */
export const OFFICIAL_CLIENTS = [
  'elasticsearch-8.13',
  'elasticsearch-8.19',
  'elasticsearch-9.0',
  '@elastic/elasticsearch',
] as const

/** What the newest one exports. Others lack some methods, and have the same ones otherwise. */
export const load = (name: (typeof OFFICIAL_CLIENTS)[number]): typeof import('@elastic/elasticsearch') =>
  require(name)

const ROUTES = {
  asyncQuery: ['POST', '/_query/async'],
  asyncQueryGet: ['GET', '/_query/async/{id}'],
  asyncQueryStop: ['POST', '/_query/async/{id}/stop'],
  asyncQueryDelete: ['DELETE', '/_query/async/{id}'],
  listQueries: ['GET', '/_query/queries'],
  getQuery: ['GET', '/_query/queries/{id}'],
} as const

interface Params extends Record<string, unknown> {
  id?: string
}

type Call = (params: Params, options?: object) => Promise<Record<string, unknown>>

/** Calls a method of a client, or asks as its users do if it does not have that method yet. */
export async function call(
  client: Client,
  name: keyof typeof ROUTES,
  params: Params = {},
  options: object = {},
): Promise<Record<string, unknown>> {
  const methods = client.esql as unknown as Partial<Record<keyof typeof ROUTES, Call>>
  if (methods[name]) return methods[name](params, options)
  const [method, path] = ROUTES[name]
  const { id = '', ...rest } = params
  const sent = method === 'POST' && id === '' ? { body: rest } : { querystring: rest }
  return client.transport.request(
    { method, path: path.replace('{id}', encodeURIComponent(id)), ...sent },
    options,
  )
}
