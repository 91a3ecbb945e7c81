import path from 'node:path'
import type { Request, RequestHandler, Response } from 'express'
import { middleware } from 'express-openapi-validator'
import type { Value } from '../core/result'
import type { Operation } from '../core/store'
import type { UrlParameters } from './url'

/** The parts of a request that `api-spec.yaml` speaks of. */
export interface DocumentedRequest {
  operation: Operation
  id: string
  parameters: UrlParameters
  /** The parsed JSON body, where there is one. */
  body: Value | undefined
}

/** Rejects with the error of express-openapi-validator when the document does not allow a request. */
export type ValidateRequest = (request: DocumentedRequest) => Promise<void>

const API_SPEC = path.join(__dirname, '..', '..', 'api-spec.yaml')

const TARGETS: Readonly<Record<Operation, { method: string; path: (id: string) => string }>> = {
  submit: { method: 'POST', path: () => '/_query/async' },
  get: { method: 'GET', path: (id) => `/_query/async/${id}` },
  head: { method: 'HEAD', path: (id) => `/_query/async/${id}` },
  stop: { method: 'POST', path: (id) => `/_query/async/${id}/stop` },
  delete: { method: 'DELETE', path: (id) => `/_query/async/${id}` },
}

/** Flags whose name alone switches them on, as Elasticsearch reads them. */
const FLAGS = ['pretty', 'human', 'error_trace', 'drop_null_columns']

/** The validator's view of an application: it registers parameters on it and asks for its routing settings. */
const APP = { enabled: () => false, param: () => {} }

/**
 * Validates requests against `api-spec.yaml` with express-openapi-validator.
 *
 * The validator is shown a stand-in for each request, never the request itself: it would register a parameter
 * handler on the host application, replace `req.query` and `req.openapi`, and keep a compiled validator for each
 * Content-Type that any client ever sent.
 */
export function createRequestValidator(): ValidateRequest {
  const handlers = middleware({
    apiSpec: API_SPEC,
    validateApiSpec: false,
    validateRequests: true,
    validateResponses: false,
    validateSecurity: false,
    fileUploader: false,
    useRequestUrl: true,
  })
  return async (request) => {
    const standIn = toStandIn(request)
    for (const handler of handlers) await run(handler, standIn)
  }
}

function toStandIn({ operation, id, parameters, body }: DocumentedRequest): Request {
  const target = TARGETS[operation]
  const url = target.path(encodeURIComponent(id))
  return {
    method: target.method,
    url,
    originalUrl: url,
    path: url,
    baseUrl: '',
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    query: toDocumentedQuery(parameters),
    params: {},
    body,
    app: APP,
  } as unknown as Request
}

/** The validator refuses every empty value, so those that Elasticsearch reads as a flag or as absent are put so. */
function toDocumentedQuery(parameters: UrlParameters): Record<string, string> {
  const query: Record<string, string> = {}
  for (const [name, value] of Object.entries(parameters)) {
    if (value.trim() !== '') query[name] = value
    else if (value === '' && FLAGS.includes(name)) query[name] = 'true'
  }
  return query
}

function run(handler: RequestHandler, request: Request): Promise<void> {
  return new Promise((resolve, reject) => {
    const next = (error?: unknown): void => (error === undefined ? resolve() : reject(error))
    void handler(request, {} as Response, next)
  })
}
