import { QueryError } from '../../core/errors'
import { readDuration } from '../duration'
import { cutBody, loseAnswer, slowBody, stallBody } from './broken-bodies'
import type { Fault, FaultOptions, Scene, StrikingFault } from './fault'

/** The answer that {@link answer} sends. */
export interface FaultAnswer {
  status: number
  /** An object is sent as JSON. @default '' */
  body?: object | string | Uint8Array
  /** @default the content type of the body */
  headers?: Readonly<Record<string, string>>
}

/** When a client may try again, in seconds, unless the fault says something else. */
const RETRY_AFTER_S = 1

/** 503: Elasticsearch, or what is in front of it, has no room or is restarting. The query does not run. */
export function unavailable(options?: FaultOptions): Fault {
  return refusal(
    'unavailable',
    options,
    () => new QueryError('no_shard_available_action_exception', 'unavailable'),
  )
}

/** 502 with a page in HTML, as a proxy answers that does not reach Elasticsearch. The query does not run. */
export function badGateway(options?: FaultOptions): Fault {
  const body =
    '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n'
  return {
    ...answer({ status: 502, body, headers: { 'content-type': 'text/html' } }, options),
    name: 'badGateway',
  }
}

/** 429 with `Retry-After`, in seconds. The query does not run. */
export function rateLimited({
  retryAfter = RETRY_AFTER_S,
  ...options
}: FaultOptions & { retryAfter?: number } = {}): Fault {
  return refusal(
    'rateLimited',
    options,
    () =>
      new QueryError('es_rejected_execution_exception', 'rejected execution of query: too many requests', {
        headers: { 'Retry-After': String(retryAfter) },
      }),
  )
}

/** 401, as for a token that has expired. The query does not run. */
export function expiredToken(options?: FaultOptions): Fault {
  const challenge =
    'Bearer realm="security", error="invalid_token", error_description="The access token expired"'
  return refusal(
    'expiredToken',
    options,
    () =>
      new QueryError('security_exception', 'token expired', { headers: { 'WWW-Authenticate': challenge } }),
  )
}

/** The request is served, and its answer lacks the product header, without which official clients refuse it. */
export function notElasticsearch(options?: FaultOptions): Fault {
  return served('notElasticsearch', options, ({ visit }) => {
    visit.beforeHead.push(() => visit.response.removeHeader('X-elastic-product'))
  })
}

/** The connection is reset before anything happens. */
export function reset(options?: FaultOptions): Fault {
  return instead('reset', options, ({ visit }) => {
    visit.break()
    visit.response.req.socket.resetAndDestroy()
  })
}

/** Nothing happens, and there is never an answer. */
export function silence(options?: FaultOptions): Fault {
  return instead('silence', options, async ({ visit }) => {
    visit.break()
    await visit.hold(undefined)
  })
}

/** The request is served, and the connection ends in place of the answer: the query runs, and the client does not know. */
export function lose(options?: FaultOptions): Fault {
  return served('lose', options, ({ visit }) => loseAnswer(visit))
}

/** The answer breaks off after so many bytes of its body. A shorter one is whole. */
export function cut(bytes: number, options?: FaultOptions): Fault {
  assertAmount('cut', 'bytes', bytes, 0)
  return served('cut', options, ({ visit }) => cutBody(visit, bytes))
}

/** The answer stops after so many bytes of its body, and its connection stays open. A shorter one is whole. */
export function stall(bytes: number, options?: FaultOptions): Fault {
  assertAmount('stall', 'bytes', bytes, 0)
  return served('stall', options, ({ visit }) => stallBody(visit, bytes))
}

/** The body of the answer comes at this speed, by the clock of the double. */
export function slow(bytesPerSecond: number, options?: FaultOptions): Fault {
  assertAmount('slow', 'bytes in a second', bytesPerSecond, Number.MIN_VALUE)
  return served('slow', options, ({ visit, clock }) => slowBody(visit, bytesPerSecond, clock))
}

/** Bytes come that are no HTTP, and the connection ends. */
export function garbage(options?: FaultOptions): Fault {
  return instead('garbage', options, ({ visit }) => {
    visit.break()
    visit.response.req.socket.end(Buffer.from('\u0000\u0001\u0002 this is no HTTP \u0003\r\n\r\n'))
  })
}

/** This answer, whatever is asked. */
export function answer({ status, body = '', headers = {} }: FaultAnswer, options?: FaultOptions): Fault {
  const isObject = typeof body === 'object' && !(body instanceof Uint8Array)
  const bytes = isObject ? JSON.stringify(body) : body
  const sent = { 'content-type': isObject ? 'application/json' : 'text/plain', ...headers }
  return instead('answer', options, ({ visit: { response } }) => {
    response.statusCode = status
    for (const [name, value] of Object.entries(sent)) response.setHeader(name, value)
    response.end(bytes)
  })
}

/** The request waits for this time before it is served: milliseconds, or a time value such as `3s`, by the clock of the double. */
export function delay(time: string | number, options: FaultOptions = {}): Fault {
  const ms = readDuration('delay', time)
  const fault: StrikingFault = {
    name: 'delay',
    options,
    async strike({ visit, clock }) {
      let cancelTimer = (): void => {}
      await visit.hold(
        new Promise<void>((resolve) => {
          cancelTimer = clock.setTimer(resolve, ms)
        }),
      )
      cancelTimer()
      return !visit.gone.aborted
    },
  }
  return fault
}

function instead(
  name: string,
  options: FaultOptions = {},
  act: (scene: Scene) => void | Promise<void>,
): StrikingFault {
  return {
    name,
    options,
    async strike(scene) {
      await act(scene)
      return false
    },
  }
}

function served(name: string, options: FaultOptions = {}, prepare: (scene: Scene) => void): StrikingFault {
  return {
    name,
    options,
    strike(scene) {
      prepare(scene)
      return true
    },
  }
}

function refusal(name: string, options: FaultOptions = {}, error: () => QueryError): StrikingFault {
  return instead(name, options, () => {
    throw error()
  })
}

function assertAmount(name: string, what: string, amount: number, least: number): void {
  if (typeof amount === 'number' && amount >= least && amount < Number.POSITIVE_INFINITY) return
  throw new TypeError(`${name} takes a number of ${what}, got \`${String(amount)}\``)
}
