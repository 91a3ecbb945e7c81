import type { BrokenServer, FlawedProxy, ProxiedAnswer, ProxiedRequest } from './proxy'
import {
  acknowledge,
  idOf,
  inText,
  isDelete,
  isGet,
  isList,
  isQuery,
  isStop,
  isSubmit,
  refuse,
} from './proxy'

const textOf = ({ body }: ProxiedAnswer): string => body.toString()
const isRunning = (answer: ProxiedAnswer): boolean => textOf(answer).includes('"is_running":true')
const isComplete = (answer: ProxiedAnswer): boolean => textOf(answer).includes('"is_running":false')
const isKept = ({ body }: ProxiedRequest): boolean => body.includes('"keep_on_completion":true')

const withRows = inText((text) => text.replace('"values":[]', '"values":[[1]]'))

const submits: readonly BrokenServer[] = [
  {
    flaw: 'gives an id to a query that it does not keep',
    answer: (answer, request) =>
      isSubmit(request) &&
      isComplete(answer) &&
      !isKept(request) &&
      inText((text) => text.replace('{', '{"id":"FjAwMDA=",'))(answer),
    caughtBy: ['life.submit.completes'],
  },
  {
    flaw: 'has the id of a kept query in the header only',
    answer: (answer, request) =>
      isSubmit(request) && isComplete(answer) && inText((text) => text.replace(/"id":"[^"]*",/, ''))(answer),
    caughtBy: ['wire.async-id.kept', 'life.submit.keeps'],
  },
  {
    flaw: 'shows rows in the answer to the submit of a query that runs',
    answer: (answer, request) => isSubmit(request) && isRunning(answer) && withRows(answer),
    caughtBy: ['life.submit.runs', 'life.submit.waits', 'document.submit.documented'],
  },
  {
    flaw: 'answers 408 to a submit whose wait is over',
    answer: (answer, { body }) =>
      body.includes('"50ms"') && refuse(answer, 408, 'timeout_exception', 'timed out'),
    caughtBy: ['life.submit.waits'],
  },
  {
    flaw: 'answers 200 to the submit of a query that fails',
    answer: (answer, request) => {
      if (isSubmit(request) && request.body.includes('FAIL')) answer.status = 200
    },
    caughtBy: ['life.submit.fails', 'document.submit.documented'],
  },
  {
    flaw: 'forgets why a query has failed after the first get',
    answer(answer, request, proxy) {
      if (!isGet(request) || !textOf(answer).includes('Unknown index')) return
      if (proxy.deleted.has(idOf(request))) refuse(answer, 500, 'exception', 'failed')
      proxy.deleted.add(idOf(request))
    },
    caughtBy: ['life.failure.stays'],
  },
  {
    flaw: 'answers a synchronous query as an async one',
    answer: (answer, request) =>
      isQuery(request) &&
      answer.status === 200 &&
      inText((text) => text.replace('{', '{"is_running":false,'))(answer),
    caughtBy: ['life.query.answers'],
  },
]

/** Makes a get with this wait wait for ever. */
function waitingForEver(wait: string): Pick<BrokenServer, 'request'> {
  return {
    request(request, proxy) {
      if (!isGet(request) || !request.path.endsWith(`_timeout=${wait}`)) return
      request.path = request.path.replace(/\?.*/, '')
      setImmediate(() => proxy.clock.hurry())
    },
  }
}

const gets: readonly BrokenServer[] = [
  {
    flaw: 'answers gets with the rows in another order',
    answer: (answer, request) =>
      isGet(request) &&
      !request.path.includes('?') &&
      request.headers.accept === undefined &&
      inText((text) => text.replace(/"values":\[(\[.*?\]),(\[.*?\])/, '"values":[$2,$1'))(answer),
    caughtBy: ['life.get.result'],
  },
  { flaw: 'takes a wait of 0 for no limit', ...waitingForEver('0'), caughtBy: ['life.get.at-once'] },
  { flaw: 'takes a wait of -1 for no limit', ...waitingForEver('-1'), caughtBy: ['life.get.minus-one'] },
  {
    flaw: 'shows rows of a running query',
    answer: (answer, request) => isGet(request) && isRunning(answer) && withRows(answer),
    caughtBy: ['life.get.at-once', 'life.get.minus-one', 'life.get.wait-ends', 'document.get.documented'],
  },
  {
    flaw: 'answers 504 to a get whose wait is over',
    answer: (answer, { path }) =>
      path.endsWith('=50ms') && refuse(answer, 504, 'timeout_exception', 'timed out'),
    caughtBy: ['life.get.wait-ends'],
  },
  {
    flaw: 'never waits',
    request(request) {
      request.path = request.path.replace('wait_for_completion_timeout=1m', 'wait_for_completion_timeout=0s')
    },
    caughtBy: ['life.get.waits', 'life.delete.ends-waits'],
  },
  {
    flaw: 'does not wait by default',
    request(request) {
      if (isGet(request) && !request.path.includes('?')) request.path += '?wait_for_completion_timeout=0s'
    },
    caughtBy: ['life.get.waits-by-default'],
  },
]

const stops: readonly BrokenServer[] = [
  {
    flaw: 'only acknowledges a stop',
    answer: (answer, request) => isStop(request) && answer.status === 200 && acknowledge(answer),
    caughtBy: [
      'life.stop.ends',
      'life.stop.partial',
      'life.stop.stays',
      'life.stop.complete',
      'document.stop.documented',
    ],
  },
  {
    flaw: 'does not say that the rows of a stop are not all',
    answer: (answer, request) =>
      isStop(request) && inText((text) => text.replace('"is_partial":true', '"is_partial":false'))(answer),
    caughtBy: ['life.stop.partial'],
  },
  {
    flaw: 'forgets a query that was stopped',
    answer: (_, request, proxy) =>
      isStop(request) && proxy.running.has(idOf(request)) && forget(request, proxy),
    caughtBy: ['life.stop.stays'],
  },
  {
    flaw: 'refuses to stop a complete query',
    answer: (answer, request, proxy) =>
      isStop(request) &&
      proxy.complete.has(idOf(request)) &&
      answer.status === 200 &&
      refuse(answer, 400, 'illegal_argument_exception', 'not running'),
    caughtBy: ['life.stop.complete'],
  },
]

function forget({ headers, path }: ProxiedRequest, proxy: FlawedProxy): Promise<unknown> {
  const { authorization = '' } = headers
  return proxy.ask({
    method: 'DELETE',
    path: path.replace(/\/stop.*|\?.*/, ''),
    headers: { authorization },
    body: '',
  })
}

/** Acknowledges deletes of some queries, and leaves them. */
function deletingNothing(which: 'running' | 'complete'): Pick<BrokenServer, 'request' | 'answer'> {
  const isConcerned = (request: ProxiedRequest, proxy: FlawedProxy): boolean =>
    isDelete(request) && proxy[which].has(idOf(request))
  return {
    request(request, proxy) {
      if (!isConcerned(request, proxy)) return
      request.method = 'GET'
      request.path = `${request.path}?wait_for_completion_timeout=0s`
    },
    answer(answer, request, proxy) {
      if (!isConcerned(request, proxy) || answer.status !== 200) return
      acknowledge(answer)
      // Whoever waits for the query gives up, once the delete is answered.
      if (proxy.waits > 0) setTimeout(() => proxy.clock.hurry(), 10)
    },
  }
}

const deletes: readonly BrokenServer[] = [
  {
    flaw: 'deletes no complete query',
    ...deletingNothing('complete'),
    caughtBy: ['life.delete.forgets', 'life.delete.twice', 'errors.id.unknown'],
  },
  {
    flaw: 'deletes no running query',
    ...deletingNothing('running'),
    caughtBy: ['life.delete.running', 'life.delete.ends-waits'],
  },
  {
    flaw: 'acknowledges a second delete',
    answer(answer, request, proxy) {
      if (!isDelete(request) || answer.status !== 404 || !proxy.deleted.has(idOf(request))) return
      acknowledge(answer)
    },
    caughtBy: ['life.delete.twice', 'owners.delete.complete', 'owners.delete.running'],
  },
  {
    flaw: 'answers 404 to a get that waits for a query that is deleted',
    answer: (answer) =>
      textOf(answer).includes('task_cancelled_exception') &&
      refuse(answer, 404, 'resource_not_found_exception', 'gone'),
    caughtBy: ['life.delete.ends-waits'],
  },
  {
    flaw: 'lists no queries',
    answer: (answer, request) => isList(request) && inText(() => '{"queries":{}}')(answer),
    caughtBy: ['life.list.running'],
  },
]

/** Ignores a keep-alive of a submit. */
function keeping(isConcerned: (body: string) => boolean): Pick<BrokenServer, 'request' | 'answer'> {
  return {
    request(request, proxy) {
      if (isSubmit(request) && isConcerned(request.body)) {
        request.body = request.body.replace('"keep_alive":"100ms"', '"keep_alive":"10m"')
      }
      skipForLasting(request, proxy)
    },
    answer({ headers }, request, proxy) {
      if (isSubmit(request) && isConcerned(request.body))
        proxy.lasting.add(`${headers['x-elasticsearch-async-id']}`)
    },
  }
}

/** Whoever waits for the end of a query that lasts has waited long enough. */
function skipForLasting(request: ProxiedRequest, proxy: FlawedProxy): void {
  if (request.path.endsWith('=0s') && proxy.lasting.has(idOf(request))) proxy.clock.skip()
}

const keepAlives: readonly BrokenServer[] = [
  {
    flaw: 'keeps results longer than their keep-alive',
    ...keeping((body) => body.includes('100ms') && !body.includes('RUN')),
    caughtBy: ['life.keep-alive.result'],
  },
  {
    flaw: 'keeps running queries longer than their keep-alive',
    ...keeping((body) => body.includes('100ms') && body.includes('RUN')),
    caughtBy: ['life.keep-alive.running'],
  },
  {
    flaw: 'does not shorten the life of a query',
    request(request, proxy) {
      if (request.path.endsWith('?keep_alive=1ms')) proxy.lasting.add(idOf(request))
      request.path = request.path.replace('?keep_alive=1ms', '')
      skipForLasting(request, proxy)
    },
    caughtBy: ['life.keep-alive.get-shortens'],
  },
  {
    flaw: 'does not lengthen the life of a query',
    request(request) {
      request.path = request.path.replace('?keep_alive=2d', '')
    },
    caughtBy: ['life.keep-alive.get-extends'],
  },
  {
    flaw: 'takes a keep-alive of 0 for the end',
    answer: (_, request, proxy) => request.path.endsWith('?keep_alive=0') && forget(request, proxy),
    caughtBy: ['life.keep-alive.zero-keeps'],
  },
  {
    flaw: 'shows the beginning as text',
    answer: (answer, request) =>
      request.body.includes('"1h"') &&
      inText((text) => text.replace(/"start_time_in_millis":(\d+)/, '"start_time_in_millis":"$1"'))(answer),
    caughtBy: ['life.keep-alive.shows', 'document.submit.documented'],
  },
]

export const brokenLives: readonly BrokenServer[] = [...submits, ...gets, ...stops, ...deletes, ...keepAlives]
