import type { IncomingMessage } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { isQueryError } from '../../../lib/core/errors'
import { writeObject, writerFor } from '../../../lib/formats/formats'
import type { Presentation } from '../../../lib/formats/writer'
import type { Answer } from './answer'
import { ClusterError, illegalArgument, PlainError } from './cluster-error'
import type { Operation } from './faults'
import type { Flavour, News } from './flavour'
import { productInfo } from './flavour'
import { hugeCsv, hugeJson } from './huge'
import type { MediaTypes, ResponseFormat } from './media-types'
import { bodyFormat, errorFormat, readMediaTypes, resolveFormat } from './media-types'
import { checkParameters, PARAMETERS, readBoolean, readParameters, readSwitch, readTime } from './parameters'
import type { Queries } from './queries'
import type { ClusterQuery } from './query'
import { isHuge } from './query'
import type { RecordedRequest } from './recorded-request'
import { readSubmitBody } from './submit-body'
import type { ClusterUser, Monitors, Subject } from './users'
import { authenticate } from './users'

export interface Backend {
  flavour: Flavour
  queries: Queries
  users: Readonly<Record<string, ClusterUser>>
  monitors: Monitors
  execute(query: ClusterQuery): void
}

interface Call {
  record: RecordedRequest
  operation: Operation
  id: string
  path: string
  parameters: URLSearchParams
  mediaTypes: MediaTypes
  subject: Subject
  news: News
  startedMs: number
}

const ROUTES: readonly (readonly [path: RegExp, methods: Readonly<Record<string, Operation>>])[] = [
  [/^\/$/, { GET: 'info', HEAD: 'info' }],
  [/^\/_query$/, { POST: 'query' }],
  [/^\/_query\/async$/, { POST: 'submit' }],
  [/^\/_query\/async\/(?<id>[^/]*)$/, { GET: 'get', DELETE: 'delete' }],
  [/^\/_query\/async\/(?<id>[^/]*)\/stop$/, { POST: 'stop' }],
  [/^\/_query\/queries$/, { GET: 'list' }],
  [/^\/_query\/queries\/(?<id>[^/]*)$/, { GET: 'show' }],
]

function routeOf(url: string) {
  const path = url.replace(/[?#].*$/s, '').replace(/(?<=.)\/$/, '')
  for (const [pattern, methods] of ROUTES) {
    const match = pattern.exec(path)
    if (match) return { path, methods, id: decodeURIComponent(match.groups?.id ?? '') }
  }
  return undefined
}

export function operationOf({ url = '', method = '' }: IncomingMessage): Operation | undefined {
  return routeOf(url)?.methods[method]
}

/** Serves a request after its body was read, in the order of Elasticsearch's checks. Rejects with its refusals. */
export async function serve(
  request: IncomingMessage,
  record: RecordedRequest,
  backend: Backend,
): Promise<Answer> {
  const { url, method, body } = record
  const startedMs = performance.now()
  const parameters = readParameters(url)
  let mediaTypes: MediaTypes | undefined
  try {
    const subject = authenticate(record.headers, url, backend.users, backend.monitors)
    record.subject = subject.subject
    mediaTypes = readMediaTypes(request, body.length > 0, backend.flavour.major)
    for (const name of ['pretty', 'human', 'error_trace']) readSwitch(parameters, name)
    const route = routeOf(url)
    if (!route || (route.path.startsWith('/_query/queries') && !backend.flavour.listsQueries))
      throw new PlainError(400, `no handler found for uri [${url}] and method [${method}]`, {}, false)
    const operation = route.methods[method]
    if (!operation) throw wrongMethod(url, method, Object.keys(route.methods))
    if (body.length > 0) bodyFormat(mediaTypes)
    const { id } = route
    const path = decodeURIComponent(route.path)
    const { news = {} } = backend.flavour
    const call = { record, operation, id, path, parameters, mediaTypes, subject, news, startedMs }
    return await answer(call, backend)
  } catch (error) {
    return errorAnswer(error, record, mediaTypes, parameters)
  }
}

async function answer(call: Call, backend: Backend): Promise<Answer> {
  const { operation, record, parameters } = call
  if (operation !== 'submit' && operation !== 'query' && record.body.length > 0) {
    throw illegalArgument(`request [${record.method} ${record.url}] does not support having a body`)
  }
  const result = {
    info: async () => objectAnswer(call, productInfo(backend.flavour)),
    query: () => runSync(call, backend),
    submit: () => submit(call, backend),
    get: () => get(call, backend),
    stop: () => stop(call, backend),
    async delete() {
      checkParameters(parameters, knownTo(call), call.path)
      await backend.queries.delete(call.id, call.subject)
      return objectAnswer(call, { acknowledged: true })
    },
    list: async () => list(call, backend),
    show: async () => show(call, backend),
  }
  return result[operation]()
}

/** Starts the query of a body. */
function start(call: Call, { queries, execute }: Backend): { query: ClusterQuery; format: ResponseFormat } {
  const { record, parameters, mediaTypes, subject, operation } = call
  if (record.body.length === 0) {
    throw new ClusterError(400, 'parse_exception', 'request body or source parameter is required')
  }
  const isCompressed = record.headers['content-encoding'] === 'gzip'
  const bytes = isCompressed ? gunzipSync(record.body) : record.body
  const submitted = readSubmitBody(bytes, bodyFormat(mediaTypes), operation === 'query', call.news)
  const partial = parameters.get('allow_partial_results')
  if (partial) readBoolean(partial)
  const format = prepare(call, true)
  if (submitted.columnar && ['csv', 'tsv', 'txt', 'md'].includes(format.format)) {
    throw illegalArgument(
      'Invalid use of [columnar] argument: cannot be used in combination with [txt, csv, tsv, md] formats',
    )
  }
  const query = queries.start(submitted, subject.subject)
  execute(query)
  return { query, format }
}

async function runSync(call: Call, backend: Backend): Promise<Answer> {
  const { query, format } = start(call, backend)
  await query.ended(Number.POSITIVE_INFINITY, call.record.closed)
  if (query.state === 'running') backend.queries.forget(query, 'http channel closed')
  else backend.queries.release(query)
  return resultAnswer(call, query, format, undefined)
}

async function submit(call: Call, backend: Backend): Promise<Answer> {
  const { queries } = backend
  const { query, format } = start(call, backend)
  const { submitted } = query
  // The query goes on when its client has left.
  await query.ended(submitted.waitMs, call.record.closed)
  const isRunning = query.state === 'running'
  const shownId = isRunning || submitted.keepOnCompletion ? query.id : undefined
  if (shownId === undefined) queries.release(query)
  return resultAnswer(call, query, format, shownId)
}

async function get(call: Call, { queries }: Backend): Promise<Answer> {
  const { id, parameters, subject, record } = call
  const waitMs = timeOf(parameters, 'wait_for_completion_timeout')
  const keepAliveMs = timeOf(parameters, 'keep_alive')
  const format = prepare(call, false)
  const query = queries.find(id, subject, keepAliveMs)
  // Without the parameter the server answers at once, although its documentation says otherwise.
  await query.ended(waitMs ?? -1, record.closed)
  return resultAnswer(call, query, format, id)
}

async function stop(call: Call, { queries }: Backend): Promise<Answer> {
  const format = prepare(call, false)
  const query = queries.find(call.id, call.subject)
  await query.stop()
  return resultAnswer(call, query, format, call.id)
}

function list(call: Call, { queries }: Backend): Answer {
  checkParameters(call.parameters, PARAMETERS.list, call.path)
  assertMonitor(call, 'list_queries')
  const listed = queries.list().map((query) => [query.id, query.listed])
  return objectAnswer(call, { queries: Object.fromEntries(listed) })
}

function show(call: Call, { queries }: Backend): Answer {
  checkParameters(call.parameters, PARAMETERS.show, call.path)
  assertMonitor(call, 'get_query')
  const { query, ...times } = { query: '', ...queries.show(call.id).listed }
  return objectAnswer(call, { ...times, documents_found: 0, values_loaded: 0, query })
}

function assertMonitor({ subject: { name, monitorEsql } }: Call, action: string): void {
  if (monitorEsql) return
  const reason =
    `action [cluster:monitor/xpack/esql/${action}] is unauthorized for user [${name}] with effective roles [reader], ` +
    'this action is granted by the cluster privileges [monitor_esql,monitor,manage,all]'
  throw new ClusterError(403, 'security_exception', reason)
}

function timeOf(parameters: URLSearchParams, name: string): number | undefined {
  const text = parameters.get(name)
  return text === null ? undefined : readTime(text, name)
}

function knownTo({ operation, news }: Call): readonly string[] {
  return [...PARAMETERS[operation], ...(news.parameters ?? [])]
}

/** The checks that every operation with a result shares. */
function prepare(call: Call, isStrict: boolean): ResponseFormat {
  const { path, parameters, mediaTypes, news } = call
  checkParameters(parameters, knownTo(call), path)
  const format = resolveFormat(mediaTypes, parameters.get('format') ?? undefined, isStrict, news)
  if (parameters.has('delimiter') && format.format !== 'csv') {
    const rule = 'can only be used with the format [csv] for request'
    throw illegalArgument(`parameter: [delimiter] ${rule} [${path}]`)
  }
  return format
}

async function resultAnswer(
  call: Call,
  query: ClusterQuery,
  format: ResponseFormat,
  id: string | undefined,
): Promise<Answer> {
  if (query.error) throw query.error
  const { number, buildHash, leaksState } = query.flavour
  const hasState = call.operation !== 'query' || leaksState
  const tookNanos = query.tookNanos ?? Math.round((performance.now() - call.startedMs) * 1e6)
  const warnings = query.state === 'running' ? [] : query.warnings
  return {
    status: 200,
    headers: {
      ...commonHeaders(call.record),
      Warning: warnings.map((text) => `299 Elasticsearch-${number}-${buildHash} "${inHeader(text)}"`),
      'content-type': format.contentType,
      'Took-nanos': String(tookNanos),
      'X-Elasticsearch-Async-Id': id,
      ...(hasState && { 'X-Elasticsearch-Async-Is-Running': query.state === 'running' ? '?1' : '?0' }),
    },
    body: format.write ? format.write(id) : await chunksOf(call, query, format),
  }
}

/** Quotes and backslashes have a backslash, and what no header can hold is percent-encoded, with the percent sign. */
function inHeader(text: string): string {
  return text
    .replace(/["\\]/g, '\\$&')
    .replace(/[^\x20-\x24\x26-\x7e]+/g, (other) =>
      Buffer.from(other).toString('hex').toUpperCase().replace(/../g, '%$&'),
    )
}

async function chunksOf(
  { operation, parameters }: Call,
  query: ClusterQuery,
  { format, header }: ResponseFormat,
): Promise<Iterable<string | Uint8Array>> {
  const delimiter = parameters.get('delimiter')
  const filterPath = parameters.get('filter_path')
  const presentation: Presentation = {
    dropNullColumns: readSwitch(parameters, 'drop_null_columns'),
    pretty: readSwitch(parameters, 'pretty'),
    human: readSwitch(parameters, 'human'),
    header,
    isSync: operation === 'query',
    ...(delimiter !== null && { delimiter }),
    ...(filterPath !== null && { filterPath }),
  }
  const { outcome, state } = query
  const write = await writerFor(format)
  if (!isHuge(outcome) || state === 'running')
    return beginning(write(query.snapshot(), presentation) as Iterable<string | Uint8Array>)
  if (format === 'csv') return hugeCsv(outcome.bytes)
  if (format !== 'json') throw illegalArgument('The stand-in has huge results only as CSV and JSON')
  return hugeJson(outcome.bytes, [...write(query.snapshot(), presentation)].join(''))
}

/** Writes the first chunk at once, so that a result that cannot be written still gets an error as its answer. */
function beginning(chunks: Iterable<string | Uint8Array>): Iterable<string | Uint8Array> {
  const iterator = chunks[Symbol.iterator]()
  const first = iterator.next()
  return (function* () {
    for (let next = first; !next.done; next = iterator.next()) if (next.value.length > 0) yield next.value
  })()
}

function objectAnswer({ record, parameters, mediaTypes }: Call, body: object): Answer {
  return writtenObject(200, body, record, mediaTypes, parameters)
}

function writtenObject(
  status: number,
  body: object,
  record: RecordedRequest,
  mediaTypes: MediaTypes | undefined,
  parameters: URLSearchParams,
): Answer {
  const { format, contentType } = errorFormat(mediaTypes, parameters.get('format') ?? undefined)
  const pretty = ['', 'true'].includes(parameters.get('pretty') ?? 'false')
  return {
    status,
    headers: { ...commonHeaders(record), 'content-type': contentType },
    body: Buffer.from(writeObject(format as 'json', body as never, { pretty })),
  }
}

function errorAnswer(
  error: unknown,
  record: RecordedRequest,
  mediaTypes: MediaTypes | undefined,
  parameters: URLSearchParams,
): Answer {
  if (error instanceof PlainError || error instanceof ClusterError) {
    const extra = error instanceof PlainError ? error.headers : error.details.headers
    const answer = writtenObject(error.status, error.body, record, mediaTypes, parameters)
    const headers = { ...answer.headers, ...extra }
    // A request that authentication refuses does not reach the layer that sets the product header.
    if (error.status === 401 || error.status === 403) delete headers['X-elastic-product']
    return { ...answer, headers }
  }
  // The writers' own refusals are Elasticsearch's.
  if (isQueryError(error)) {
    const refusal = new ClusterError(error.status, error.type, error.message)
    return errorAnswer(refusal, record, mediaTypes, parameters)
  }
  throw error
}

function commonHeaders({ headers }: RecordedRequest): Record<string, string> {
  const opaqueId = headers['x-opaque-id']
  return {
    'X-elastic-product': 'Elasticsearch',
    ...(opaqueId !== undefined && { 'X-Opaque-Id': String(opaqueId) }),
  }
}

function wrongMethod(url: string, method: string, allowed: readonly string[]): PlainError {
  const reason = `Incorrect HTTP method for uri [${url}] and method [${method}], allowed: [${allowed.join(', ')}]`
  return new PlainError(405, reason, { Allow: allowed.join(',') })
}
