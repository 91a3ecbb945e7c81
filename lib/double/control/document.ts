import { COLUMN, causeSchema, RESPONSE } from '../../catalogue/format'
import type { ValueObject } from '../../core/result'
import { ERROR } from './answers'
import { JOURNAL_FILTER } from './bodies'
import { PREFIX } from './control'
import type { Route } from './route'
import { ROUTES } from './routes'

const SESSION_HEADER: ValueObject = {
  name: 'X-Double-Session',
  in: 'header',
  description: 'The session that the request is of. Left out: that of its Authorization, or `default`.',
  schema: { type: 'string', pattern: '^[\\w.-]{1,100}$' },
}

/** Schemas that stand in the document once, however many requests have them. */
const SHARED: Readonly<Record<string, ValueObject>> = {
  column: COLUMN.schema,
  response: RESPONSE.schema,
  filter: JOURNAL_FILTER.schema,
  cause: causeSchema(),
}

/** What `double-control.yaml` holds: a description of the control in OpenAPI. */
export function controlDocument(): ValueObject {
  const paths: Record<string, ValueObject> = {}
  for (const route of ROUTES) {
    const path = `${PREFIX}${route.path}`
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describe(route) }
  }
  return relocated({
    openapi: '3.1.0',
    info: {
      title: 'The control of a double of express-esql-async-query',
      version: '1',
      description:
        'What `npx express-esql-async-query double --control` serves beside the ES|QL async query API, to programs of the ' +
        'same machine: it says how queries go, lets time pass, breaks requests, and tells what the client did.',
    },
    servers: [{ url: 'http://127.0.0.1:9200' }],
    paths,
    components: {
      responses: { Error: { description: "Elasticsearch's envelope.", content: json(ERROR) } },
      schemas: Object.fromEntries(
        Object.entries(SHARED).map(([name, schema]) => [name, relocated(schema, true)]),
      ),
    },
  }) as ValueObject
}

function describe({ path, about, body, parameters, answer }: Route): ValueObject {
  return {
    summary: about,
    parameters: [SESSION_HEADER, ...namesIn(path), ...(parameters ? inQuery(parameters.schema) : [])],
    ...(body && { requestBody: { required: true, content: json(body.schema) } }),
    responses: {
      200: { description: 'Done.', content: json(answer) },
      default: { $ref: '#/components/responses/Error' },
    },
  }
}

function json(schema: ValueObject): ValueObject {
  return { 'application/json': { schema } }
}

function namesIn(path: string): ValueObject[] {
  return path.includes('{name}')
    ? [{ name: 'name', in: 'path', required: true, schema: { type: 'string' } }]
    : []
}

function inQuery({ properties = {} }: ValueObject): ValueObject[] {
  return Object.entries(properties as ValueObject).map(([name, schema]) => ({
    name,
    in: 'query',
    schema: schema ?? {},
  }))
}

/** Draft-07 and OpenAPI keep shared schemas in different places. */
function relocated(node: unknown, isShared = false): unknown {
  if (node === '#/definitions/cause') return '#/components/schemas/cause'
  if (typeof node !== 'object' || node === null) return node
  if (Array.isArray(node)) return node.map((item) => relocated(item))
  const name = isShared ? undefined : nameOf(node as ValueObject)
  if (name !== undefined) {
    const description = 'description' in node && { description: node.description }
    return { ...description, $ref: `#/components/schemas/${name}` }
  }
  return Object.fromEntries(Object.entries(node).map(([name, value]) => [name, relocated(value)]))
}

/** The name of a shared schema. Each place may have a description of its own. */
function nameOf(schema: ValueObject): string | undefined {
  const contentOf = ({ anyOf, properties }: ValueObject) => anyOf ?? properties
  const content = contentOf(schema)
  if (content === undefined) return undefined
  return Object.keys(SHARED).find((name) => contentOf(SHARED[name] ?? {}) === content)
}
