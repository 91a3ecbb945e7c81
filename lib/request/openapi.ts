import type { Request, RequestHandler, Response } from 'express'
import type { OpenApiValidator } from 'express-openapi-validator/dist/openapi.validator'
import type { Operation } from '../core/operations'
import type { Value } from '../core/result'
// What `api-spec.yaml` says about requests, as the validator's loader gives it. `npm run build` writes the file.
import loadedSpec from './api-spec.json'
import { namesQuery, targetOf } from './routes'
import type { UrlParameters } from './url'

/** The parts of a request that `api-spec.yaml` describes. */
export interface DocumentedRequest {
  operation: Operation
  id: string
  parameters: UrlParameters
  body: Value | undefined
}

/** Rejects with the error of express-openapi-validator when `api-spec.yaml` does not allow the request. */
export type ValidateRequest = (request: DocumentedRequest) => Promise<void>

type LoadedSpec = Awaited<Parameters<OpenApiValidator['installMiddleware']>[0]>

/** Flags that Elasticsearch switches on when they have no value. */
const FLAGS = ['pretty', 'human', 'error_trace', 'drop_null_columns']

/** Stands in for the Express application: the validator registers parameter handlers on it and reads its settings. */
const APP = { enabled: () => false, param: () => {} }

/** What the validator finds out about a request by its route alone, but for the id. */
interface RouteFacts {
  pathParams: Record<string, string>
  schema: { parameters?: readonly object[] }
}

type StandIn = Request & { openapi?: RouteFacts }

/** The handlers of the validator, in their order. */
interface Handlers {
  /** Waits until the document is compiled, so once is enough. */
  readonly prepare: RequestHandler
  /** Finds the operation of the document. It compiles the patterns of all paths for each request. */
  readonly findRoute: RequestHandler
  readonly others: readonly RequestHandler[]
  prepared: Promise<void> | undefined
  /** Routes of valid requests, by all that the validator compiles a schema for. */
  readonly routes: Map<string, RouteFacts>
}

/** All routers of a process share the handlers, since compiling the document takes a tenth of a second. */
let sharedHandlers: Handlers | undefined

/**
 * Validates requests against `api-spec.yaml` with express-openapi-validator, which starts to compile the document
 * when this is first called.
 *
 * The validator gets a stand-in for each request, never the request itself: it would register a parameter handler on
 * the host application, replace `req.query` and `req.openapi`, and keep a compiled validator for each Content-Type
 * that any client ever sent.
 */
export function createRequestValidator(): ValidateRequest {
  sharedHandlers ??= createHandlers()
  const handlers = sharedHandlers
  const { prepare, findRoute, others, routes } = handlers
  return async (request) => {
    const { operation, id, body } = request
    const standIn = toStandIn(request)
    // Without an id, the path may be that of another operation.
    const isOwnPath = id !== '' || !namesQuery(operation)
    const name = isOwnPath ? `${operation} ${body === undefined ? 'without' : 'with'} a body` : undefined
    const known = name && routes.get(name)
    if (known) {
      setRoute(standIn, known, operation, id)
    } else {
      handlers.prepared ??= run(prepare, standIn)
      await handlers.prepared
      await run(findRoute, standIn)
    }
    for (const handler of others) await run(handler, standIn)
    if (name && standIn.openapi && !known) routes.set(name, standIn.openapi)
  }
}

/** Does what the handler that finds the route does. */
function setRoute(standIn: StandIn, route: RouteFacts, operation: Operation, id: string): void {
  const pathParams: Record<string, string> = namesQuery(operation) ? { id } : {}
  // With compiled schemas, the list of parameters only says how to unpack them. To go through it takes longer than to validate.
  const hasParameters = Object.keys(standIn.query).length > 0
  const schema = hasParameters ? route.schema : { ...route.schema, parameters: [] }
  standIn.openapi = { ...route, pathParams, schema }
  standIn.params = pathParams
}

/**
 * Loads the validator here, since a program that imports the package need not create a router. It takes the class behind
 * `middleware`, which would load the document in each process anew, and compile the schema of OpenAPI for it.
 */
function createHandlers(): Handlers {
  const library: {
    OpenApiValidator: typeof OpenApiValidator
  } = require('express-openapi-validator/dist/openapi.validator')
  const spec = loadedSpec as unknown as LoadedSpec
  const validator = new library.OpenApiValidator({
    apiSpec: spec.apiDoc,
    validateApiSpec: false,
    validateRequests: true,
    validateResponses: false,
    validateSecurity: false,
    fileUploader: false,
    useRequestUrl: true,
  })
  const handlers = validator.installMiddleware(Promise.resolve(spec))
  // `validateSecurity` leaves a handler that does nothing, and takes promises.
  const [prepare = pass, findRoute = pass, ...others] = handlers.filter(
    ({ name }) => name !== 'securityMiddleware',
  )
  return { prepare, findRoute, others, prepared: undefined, routes: new Map() }
}

const pass: RequestHandler = (_request, _response, next) => next()

function toStandIn({ operation, id, parameters, body }: DocumentedRequest): StandIn {
  const { method, path } = targetOf(operation, id)
  return {
    method,
    path,
    url: path,
    originalUrl: path,
    baseUrl: '',
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    query: toDocumentedQuery(parameters),
    params: {},
    body,
    app: APP,
  } as unknown as StandIn
}

/** The validator refuses empty values, so this spells out those that Elasticsearch reads as a flag or as absent. */
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
    void handler(request, {} as Response, (error?: unknown) => (error ? reject(error) : resolve()))
  })
}
