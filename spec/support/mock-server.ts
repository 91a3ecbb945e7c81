import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import express from 'express'
import type { OperationObject, PathItem } from './api-document'
import { apiSpec } from './api-document'

export interface MockServer {
  url: string
  close(): void
}

/**
 * A server made of the document alone, as tools make them: it answers with the first example of each operation, in the
 * media type that the client accepts.
 */
export async function startMockServer(): Promise<MockServer> {
  const app = express()
  for (const [path, pathItem] of Object.entries(apiSpec.paths)) {
    app.all(path.replace(/\{(\w+)\}/g, ':$1'), (request, response) => {
      const { status, headers, body } = firstExample(
        operationOf(pathItem, request.method),
        request.headers.accept,
      )
      response.status(status).set(headers).json(body)
    })
  }
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function operationOf(pathItem: PathItem, method: string): OperationObject {
  const operation = pathItem[method.toLowerCase()]
  if (!operation) throw new TypeError(`api-spec.yaml has no such operation: ${method}`)
  return operation
}

function firstExample({ responses }: OperationObject, accept = 'application/json') {
  const { headers = {}, content = {} } = responses[200] ?? {}
  const [type] = Object.keys(content).filter((name) => accept.startsWith(name))
  const [{ value } = {}] = Object.values(content[type ?? 'application/json']?.examples ?? {})
  const named = Object.entries(headers).flatMap(([name, { required, example, schema }]) =>
    required ? [[name, String(example ?? schema.example ?? schema.enum?.[0])] as const] : [],
  )
  return { status: 200, headers: Object.fromEntries(named), body: value }
}
