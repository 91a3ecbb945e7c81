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
  /** By this name, the validator finds again what it has compiled. */
  expressRoute: string
  pathParams: Record<string, string>
  schema: { parameters?: readonly { in?: string }[] }
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
  /** Routes of valid requests, by all that the validator compiles a schema for. To compile one takes up to 25 ms, once. */
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
    const { operation, id } = request
    const standIn = toStandIn(request)
    const name = nameOf(request, standIn)
    // Without an id, the path may be that of another operation.
    const isOwnPath = id !== '' || !namesQuery(operation)
    const known = isOwnPath ? routes.get(name) : undefined
    if (known) {
      setRoute(standIn, known, operation, id)
    } else {
      handlers.prepared ??= run(prepare, standIn)
      await handlers.prepared
      await findRouteFor(standIn, findRoute)
    }
    for (const handler of others) await run(handler, standIn)
    if (isOwnPath && standIn.openapi && !known) routes.set(name, standIn.openapi)
  }
}

/** All that the validator compiles a schema for. */
function nameOf({ operation, body }: DocumentedRequest, standIn: StandIn): string {
  return `${operation}${body === undefined ? '' : ' with a body'}${hasQuery(standIn) ? ' with parameters' : ''}`
}

function hasQuery({ query }: StandIn): boolean {
  return Object.keys(query).length > 0
}

async function findRouteFor(standIn: StandIn, findRoute: RequestHandler): Promise<void> {
  await run(findRoute, standIn)
  const { openapi } = standIn
  if (openapi && !hasQuery(standIn)) standIn.openapi = withoutQuery(openapi)
}

/** The same route without the parameters of the query string: the validator goes through all of them for each request. */
function withoutQuery(route: RouteFacts): RouteFacts {
  const { expressRoute, schema } = route
  const parameters = (schema.parameters ?? []).filter(({ in: place }) => place !== 'query')
  return {
    ...route,
    expressRoute: `${expressRoute} without parameters`,
    schema: { ...schema, parameters },
  }
}

/** Does what the handler that finds the route does. */
function setRoute(standIn: StandIn, route: RouteFacts, operation: Operation, id: string): void {
  const pathParams: Record<string, string> = namesQuery(operation) ? { id } : {}
  standIn.openapi = { ...route, pathParams }
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
