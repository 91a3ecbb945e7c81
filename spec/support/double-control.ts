import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import path from 'node:path'
import { parse } from 'yaml'
import { withoutReferences } from '../../lib/verify/document/answers'
import { schemaFaults } from '../../lib/verify/document/schema-faults'

export const DOCUMENT_FILE = path.join(__dirname, '..', '..', 'double-control.yaml')

interface Operation {
  parameters: readonly { name: string; in: string }[]
  requestBody?: { content: Content }
  responses: Readonly<Record<string, { content: Content }>>
}
type Content = Readonly<Record<string, { schema: object }>>

const { paths, components } = parse(readFileSync(DOCUMENT_FILE, 'utf8'))
/** A schema that refers to itself stays a reference there, since nothing else can say it. */
const OPEN_CAUSE = { ...components, schemas: { ...components.schemas, cause: { type: 'object' } } }
export const DOCUMENTED = (
  withoutReferences({ paths, components: OPEN_CAUSE }) as { paths: Record<string, Record<string, Operation>> }
).paths

export interface ControlAnswer {
  status: number
  headers: Readonly<Record<string, unknown>>
  json: Record<string, unknown>
}

/** The operation of the document that a request is of. */
export function operationFor(method: string, target: string): Operation | undefined {
  const [pathname = ''] = target.split('?')
  const template = Object.keys(DOCUMENTED).find((known) =>
    new RegExp(`^${known.replace(/\{\w+\}/g, '[^/]+')}/?$`).test(pathname),
  )
  return template === undefined ? undefined : DOCUMENTED[template]?.[method.toLowerCase()]
}

/** What the document says against the body of a request. */
export function requestFaults(method: string, target: string, body: unknown): string[] {
  const schema = operationFor(method, target)?.requestBody?.content['application/json']?.schema
  return schema ? schemaFaults(schema, body, 'body') : body === undefined ? [] : ['no body is documented']
}

/** Asks the control as programs do, and compares the answer with the document. `fetch` would set the host itself. */
export async function askControl(
  url: string,
  method: string,
  target: string,
  { body, headers = {} }: { body?: unknown; headers?: Readonly<Record<string, string>> } = {},
): Promise<ControlAnswer> {
  const answer = await send(url, method, target, { body, headers })
  const operation = operationFor(method, target)
  const { content } = operation?.responses[answer.status] ?? components.responses.Error
  const faults = schemaFaults(content['application/json'].schema, answer.json, `${method} ${target}`)
  if (answer.headers['content-type'] !== 'application/json') faults.push('the content type is another one')
  if (answer.status < 400 && requestFaults(method, target, sentBody(body)).length > 0)
    faults.push('the document refuses the request')
  if (faults.length > 0) throw new Error(`${faults.join('; ')}: ${JSON.stringify(answer)}`)
  return answer
}

/** A text is sent as it is. */
function sentBody(body: unknown): unknown {
  return typeof body === 'string' ? JSON.parse(body) : body
}

function send(
  url: string,
  method: string,
  target: string,
  { body, headers }: { body: unknown; headers: Readonly<Record<string, string>> },
): Promise<ControlAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${target}`, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    })
    sent.on('error', reject)
    sent.on('response', async (response) => {
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk)
      const json = JSON.parse(Buffer.concat(chunks).toString())
      resolve({ status: response.statusCode ?? 0, headers: response.headers, json })
    })
    sent.end(typeof body === 'string' ? body : body === undefined ? undefined : JSON.stringify(body))
  })
}
