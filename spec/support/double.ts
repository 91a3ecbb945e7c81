import diagnostics from 'node:diagnostics_channel'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Double, DoubleOptions } from 'express-esql-async-query/double'
import { startDouble } from 'express-esql-async-query/double'
import { matchRoute } from '../../lib/request/routes'
import { watchAnswer } from './watched-answers'

export const TABLE = { columns: [{ name: 'host', type: 'keyword' as const }], values: [['a'], ['b']] }

/** Whose answers no document describes. */
const UNDOCUMENTED = ['badGateway', 'notElasticsearch', 'answer']

/** A client that does what it is told, with credentials. */
export class Asker {
  constructor(
    readonly url: string,
    readonly headers: Readonly<Record<string, string>> = { authorization: 'Basic YWxpY2U6c2VjcmV0' },
  ) {}

  async send(method: string, target: string, body?: object, headers = {}): Promise<Told> {
    const response = await fetch(`${this.url}${target}`, {
      method,
      headers: { ...this.headers, ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') ?? false
    const json = isJson && text ? JSON.parse(text) : {}
    return { status: response.status, headers: response.headers, json, text }
  }

  submit(query: string, fields: object = {}): Promise<Told> {
    return this.send('POST', '/_query/async', { query, ...fields })
  }

  /** Submits without a wait, and returns the id. */
  async begin(query: string, fields: object = {}): Promise<string> {
    const { json } = await this.submit(query, {
      wait_for_completion_timeout: '0s',
      keep_on_completion: true,
      ...fields,
    })
    return json.id
  }

  get(id: string, parameters = ''): Promise<Told> {
    return this.send('GET', `/_query/async/${encodeURIComponent(id)}${parameters}`)
  }

  stop(id: string): Promise<Told> {
    return this.send('POST', `/_query/async/${encodeURIComponent(id)}/stop`)
  }

  delete(id: string): Promise<Told> {
    return this.send('DELETE', `/_query/async/${encodeURIComponent(id)}`)
  }
}

/** What tests look at. */
export interface Body {
  id: string
  is_running: boolean
  values: unknown[][]
  columns: object[]
  error: { type: string; reason: string }
}

export interface Told {
  status: number
  headers: Headers
  /** Of a body that is none, the members are `undefined`. */
  json: Body
  text: string
}

/** A double, and a check of each of its answers against `api-spec.yaml` when it closes. */
export async function startCheckedDouble(options: DoubleOptions = {}): Promise<Double> {
  const double = await startDouble(options)
  const faults: unknown[] = []
  const watch = (message: unknown): void => {
    const watched = message as Watched
    const { request, server } = watched
    if (`http://127.0.0.1:${(server.address() as AddressInfo | null)?.port}` !== double.url) return
    // The document is that of later releases.
    const isDocumented = options.release !== '8.19' || !request.url?.startsWith('/_query/queries')
    if (isDocumented) check(watched, double, faults)
  }
  diagnostics.subscribe('http.server.request.start', watch)
  const close = double.close.bind(double)
  return Object.assign(double, {
    async close() {
      diagnostics.unsubscribe('http.server.request.start', watch)
      await close()
      if (faults.length > 0) throw faults[0]
    },
  })
}

interface Watched {
  request: IncomingMessage
  response: ServerResponse
  server: Server
}

function check({ request, response }: Watched, double: Double, faults: unknown[]): void {
  const { method = '', url = '' } = request
  const [path = ''] = url.split('?')
  const isPreflight = request.headers['access-control-request-method'] !== undefined
  if (isPreflight || !(matchRoute(path) || path === '/')) return
  watchAnswer(request, response, url, faults, () =>
    double.requestsFor({ method, url }).some(({ fault = '' }) => UNDOCUMENTED.includes(fault)),
  )
}
