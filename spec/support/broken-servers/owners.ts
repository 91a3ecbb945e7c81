import { token } from '../tokens'
import type { BrokenServer, FlawedProxy, ProxiedRequest } from './proxy'
import { idOf, isBy, isDelete, isGet, isList, isStop, refuse } from './proxy'

const isStrange = (request: ProxiedRequest): boolean => isBy(request, 'mallory')

/** The same request, sent by the owner. */
function asOwner(request: ProxiedRequest): ProxiedRequest {
  const headers = { ...request.headers, authorization: `Bearer ${token({ sub: 'alice' })}` }
  return { ...request, headers }
}

const OPERATIONS = [
  ['get', isGet],
  ['stop', isStop],
  ['delete', isDelete],
] as const

/** Shows that a query is there, as Elasticsearch does in part. */
const telling = OPERATIONS.flatMap(([operation, isConcerned]) =>
  (['complete', 'running'] as const).map(
    (state): BrokenServer => ({
      flaw: `tells a stranger's ${operation} that a ${state} query is there`,
      answer: (answer, request, proxy) =>
        isStrange(request) &&
        isConcerned(request) &&
        proxy[state].has(idOf(request)) &&
        !proxy.deleted.has(idOf(request)) &&
        refuse(answer, 404, 'resource_not_found_exception', `${idOf(request)} not found`),
      caughtBy: [`owners.${operation}.${state}`],
    }),
  ),
)

const leaking: readonly BrokenServer[] = [
  {
    flaw: 'answers 403 to a stranger',
    answer: (answer, request) =>
      isStrange(request) && isGet(request) && refuse(answer, 403, 'security_exception', 'not yours'),
    caughtBy: ['owners.get.complete', 'owners.get.running', 'owners.get.no-wait', 'owners.get.no-keep-alive'],
  },
  {
    flaw: 'shows queries to everybody who knows their id',
    request(request, proxy) {
      if (!isStrange(request) || !isGet(request)) return
      Object.assign(request, asOwner(request))
      if (request.path.endsWith('=1m')) setImmediate(() => proxy.clock.hurry())
    },
    caughtBy: ['owners.get.complete', 'owners.get.running', 'owners.get.no-wait', 'owners.get.no-keep-alive'],
  },
  {
    flaw: 'lets a stranger stop before it looks at the owner',
    request: (request, proxy) => isStrange(request) && isStop(request) && proxy.ask(asOwner(request)),
    caughtBy: ['owners.stop.running'],
  },
  {
    flaw: 'lets a stranger delete before it looks at the owner',
    request: (request, proxy) => isStrange(request) && isDelete(request) && proxy.ask(asOwner(request)),
    caughtBy: ['owners.delete.complete', 'owners.delete.running'],
  },
  {
    flaw: 'waits before it looks at the owner',
    async request(request, proxy) {
      if (!isStrange(request) || !request.path.endsWith('=1m')) return
      setImmediate(() => proxy.clock.hurry())
      await proxy.ask(asOwner(request))
    },
    caughtBy: ['owners.get.no-wait'],
  },
  {
    flaw: 'moves the expiry before it looks at the owner',
    request: (request, proxy) =>
      isStrange(request) && request.path.includes('keep_alive') && expireFor(request, proxy),
    caughtBy: ['owners.get.no-keep-alive'],
  },
  {
    flaw: 'lists the queries of all',
    request: (request) => isList(request) && Object.assign(request, asOwner(request)),
    caughtBy: ['owners.list.own'],
  },
  {
    flaw: 'has another header for a stranger',
    answer: (answer, request, proxy) =>
      isStrange(request) &&
      proxy.complete.has(idOf(request)) &&
      !proxy.deleted.has(idOf(request)) &&
      Object.assign(answer.headers, { 'x-cache': 'HIT' }),
    caughtBy: ['owners.get.complete', 'owners.stop.complete', 'owners.delete.complete'],
  },
]

async function expireFor(request: ProxiedRequest, proxy: FlawedProxy): Promise<void> {
  await proxy.ask({ ...asOwner(request), method: 'DELETE', path: request.path.replace(/\?.*/, '') })
}

export const brokenOwners: readonly BrokenServer[] = [...telling, ...leaking]
