import fc from 'fast-check'
import { token } from '../tokens'
import type { HostileBody } from './bodies'
import { hostileBody } from './bodies'
import type { Header } from './headers'
import { contentTypes, hostileHeaders } from './headers'
import type { Ids } from './targets'
import { fillIn, methodAndPath, queryString } from './targets'
import { refusedToken, strangeToken } from './tokens'

/** A request that is valid HTTP, whatever its content. It reaches the application, which must answer it. */
export interface HostileRequest {
  method: string
  /** The target, with names in the places of ids. */
  target: string
  version: '1.0' | '1.1'
  headers: readonly Header[]
  body: HostileBody | undefined
  framing: 'length' | 'chunked'
  /** Whether the connection must close after the answer. */
  closes: boolean
}

const authorization: fc.Arbitrary<Header[]> = fc.oneof(
  { arbitrary: fc.constant(token()).map((text) => [bearer(text)]), weight: 30 },
  { arbitrary: strangeToken.map((text) => [bearer(text)]), weight: 4 },
  { arbitrary: refusedToken.map((text) => [bearer(text)]), weight: 3 },
  {
    arbitrary: fc.constantFrom<Header[]>(
      [],
      [bearer(token()), bearer(token())],
      [['Authorization', 'Basic YWxpY2U6eA==']],
      [['Authorization', '']],
      [['authorization', `bearer  ${token()}`]],
    ),
    weight: 1,
  },
)

const content: fc.Arbitrary<{ headers: Header[]; body: HostileBody }> = fc
  .tuple(contentTypes, hostileBody)
  .map(([types, body]) => ({ headers: [...types, ...body.encoding], body }))

/** The weight of a body: most requests have one if their operation takes one. */
const withBody = (method: string, target: string): number =>
  method === 'POST' && !target.includes('/stop') ? 24 : 1

export const hostileRequest: fc.Arbitrary<HostileRequest> = methodAndPath
  .chain((where) => fc.tuple(fc.constant(where), queryString(where[0])))
  .chain(([[method, path], query]) => {
    const target = path + query
    return fc
      .record({
        authorization,
        headers: hostileHeaders,
        version: fc.oneof(
          { arbitrary: fc.constant<'1.1'>('1.1'), weight: 12 },
          { arbitrary: fc.constant<'1.0'>('1.0'), weight: 1 },
        ),
        content: fc.oneof(
          { arbitrary: content, weight: withBody(method, target) },
          { arbitrary: fc.constant(undefined), weight: 4 },
        ),
        framing: fc.constantFrom<'length' | 'chunked'>('length', 'length', 'chunked'),
        closes: fc.oneof(
          { arbitrary: fc.constant(false), weight: 12 },
          { arbitrary: fc.constant(true), weight: 1 },
        ),
      })
      .map(({ authorization: credentials, headers, content: sent, ...rest }) => ({
        ...rest,
        method,
        target,
        headers: [...credentials, ...headers, ...(sent?.headers ?? [])],
        body: sent?.body,
      }))
  })

/**
 * For all but the first request of a connection: into an answer whose turn has not come, Node.js writes its 100
 * Continue between head and body, where the body is bytes.
 */
export function withoutExpectation(request: HostileRequest): HostileRequest {
  return { ...request, headers: request.headers.filter(([name]) => name !== 'Expect') }
}

export function toBytes(request: HostileRequest, ids: Ids): Buffer {
  const { method, target, version, headers, body, framing, closes } = request
  const lines = [
    `${method} ${fillIn(target, ids)} HTTP/${version}`,
    'Host: gateway.example',
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(closes ? ['Connection: close'] : []),
  ]
  if (!body) return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  const isChunked = framing === 'chunked' && version === '1.1'
  const bytes = Buffer.from(body.content, 'latin1')
  lines.push(isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${bytes.length}`)
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  return Buffer.concat([head, ...(isChunked ? toChunks(bytes) : [bytes])])
}

function toChunks(bytes: Buffer): Buffer[] {
  const middle = Math.floor(bytes.length / 3)
  const parts = [bytes.subarray(0, middle), bytes.subarray(middle)].filter((part) => part.length > 0)
  return [
    ...parts.flatMap((part) => [
      Buffer.from(`${part.length.toString(16)};a="b"\r\n`),
      part,
      Buffer.from('\r\n'),
    ]),
    Buffer.from('0\r\nAuthorization: Bearer trailer\r\nX-Trailer: 1\r\n\r\n'),
  ]
}

function bearer(text: string): Header {
  return ['Authorization', `Bearer ${text}`]
}
