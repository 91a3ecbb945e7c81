import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Shape } from '../../catalogue/shapes'
import { closest } from '../../core/did-you-mean'
import { QueryError } from '../../core/errors'
import type { Value } from '../../core/result'
import { atOnce } from '../../core/turns'
import { parseAnswer } from '../../json/parse'
import { exactJson } from '../../json/write'
import { toErrorResponse } from '../../router/error-answer'
import { isToOwnHost } from '../../server/loopback'
import { judged } from './judged'
import type { Reply, Route } from './route'
import { ROUTES } from './routes'
import type { Sessions } from './sessions'

export const PREFIX = '/__double'

const MAX_BODY_BYTES = 2 ** 26

/** The control of a double over HTTP. */
export class Control {
  readonly #sessions: Sessions
  readonly #urlOf: () => string

  constructor(sessions: Sessions, urlOf: () => string) {
    this.#sessions = sessions
    this.#urlOf = urlOf
  }

  /** Whether a request is one of the control. */
  static isFor({ url = '' }: IncomingMessage): boolean {
    return /^\/__double(?:[/?]|$)/.test(url)
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      refuseOthers(request)
      sendJson(response, 200, await this.#answer(request, response))
    } catch (error) {
      sendFailure(error, response)
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<Reply> {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
    const { route, name } = findRoute(request.method ?? '', pathname)
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    const session = this.#sessions.nameFor(request.headers)
    const text = await readText(request)
    const body = route.body ? readBody(route.body, request, text) : readParameters(route, searchParams)
    const double = this.#sessions.find(session)
    const url = this.#urlOf()
    return route.act({ body, double, session, sessions: this.#sessions, url, name, gone: gone.signal })
  }
}

/** A page in a browser must not drive a double: it asks with its origin, or under a host name of its own. */
function refuseOthers({ headers }: IncomingMessage): void {
  const { host = '', origin } = headers
  if (!isToOwnHost(headers)) {
    throw new QueryError(
      'security_exception',
      `the control answers requests to 127.0.0.1 and localhost, not to [${host}]`,
      { status: 403 },
    )
  }
  if (origin !== undefined) {
    throw new QueryError(
      'security_exception',
      `the control answers programs, and no pages in browsers, such as those of [${origin}]`,
      { status: 403 },
    )
  }
}

function findRoute(method: string, pathname: string): { route: Route; name: string } {
  const path = pathname.slice(PREFIX.length).replace(/\/$/, '')
  const here = ROUTES.flatMap((route) => {
    const [prefix = '', rest] = route.path.split('{name}')
    const isHere =
      rest === undefined ? path === prefix : path.startsWith(prefix) && path.length > prefix.length
    return isHere ? [{ route, name: judged(() => decodeURIComponent(path.slice(prefix.length))) }] : []
  })
  if (here.length === 0) throw unknownPath(pathname)
  const found = here.find(({ route }) => route.method === method)
  if (found) return found
  const allowed = here.map(({ route }) => route.method).sort()
  throw new QueryError(
    'illegal_argument_exception',
    `Incorrect HTTP method for uri [${pathname}] and method [${method}], allowed: [${allowed.join(', ')}]`,
    { status: 405, headers: { Allow: allowed.join(', ') } },
  )
}

function unknownPath(pathname: string): QueryError {
  const known = [...new Set(ROUTES.map(({ path }) => `${PREFIX}${path}`))]
  const [suggestion] = closest(pathname, known)
  const hint = suggestion === undefined ? `known are: ${known.join(', ')}` : `did you mean [${suggestion}]?`
  return new QueryError('resource_not_found_exception', `the control has no [${pathname}]; ${hint}`)
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > MAX_BODY_BYTES) {
      throw new QueryError(
        'too_long_http_content_exception',
        `entity content is too long for the limit [${MAX_BODY_BYTES}]`,
      )
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function readBody(shape: Shape<unknown>, { headers }: IncomingMessage, text: string): unknown {
  const { 'content-type': type = '' } = headers
  if (!/^application\/(?:[\w.]+\+)?json *(?:;|$)/i.test(type)) {
    throw new QueryError(
      'media_type_header_exception',
      `Content-Type header [${type}] is not supported; the control takes application/json`,
    )
  }
  const body = parseAnswer(text)
  if (!body) throw new QueryError('parse_exception', 'request body is required')
  return judged(() => shape.read(body.value, 'the body'))
}

/** Numbers come as texts. */
function readParameters({ parameters }: Route, given: URLSearchParams): unknown {
  const names = [...given.keys()]
  if (!parameters) {
    const [unknown] = names
    if (unknown === undefined) return undefined
    throw new QueryError(
      'illegal_argument_exception',
      `request contains unrecognized parameter: [${unknown}]`,
    )
  }
  const fields = Object.fromEntries([...given].map(([name, text]) => [name, numberIn(name, text)]))
  return judged(() => parameters.read(fields, 'the query string'))
}

const NUMBERS = ['status', 'requests']

function numberIn(name: string, text: string): Value {
  return NUMBERS.includes(name) && /^\d{1,9}$/.test(text) ? Number(text) : text
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  const bytes = Buffer.from(atOnce(exactJson(body)))
  response.statusCode = status
  response.setHeader('content-type', 'application/json')
  response.setHeader('content-length', bytes.length)
  response.end(bytes)
}

/** Elasticsearch's envelope for whatever was thrown. */
export function sendFailure(error: unknown, response: ServerResponse): void {
  if (response.destroyed) return
  const { status, headers, body } = toErrorResponse(error)
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  // The rest of a body that is too large is not worth reading.
  if (status === 413) response.setHeader('connection', 'close')
  sendJson(response, status, body)
}
