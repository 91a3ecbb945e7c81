import type { Request, RequestHandler, Response } from 'express'
import { raw } from 'express'
import { QueryError } from '../core/errors'
import type { JsonNode } from '../json/parse'
import { locate, parseJson } from '../json/parse'

/** Reads the body of a request, or takes it from a parser of the host application that has read it. */
export class BodyReader {
  readonly #maxBytes: number
  readonly #readBytes: RequestHandler

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
    this.#readBytes = raw({ type: () => true, limit: maxBytes, inflate: true })
  }

  /** Whether the request has a body. Only reading tells whether a chunked one is empty. */
  async hasBody(request: Request, response: Response): Promise<boolean> {
    if (request.headers['transfer-encoding'] === undefined) return lengthOf(request) > 0
    await this.#read(request, response)
    return !isEmpty(request.body)
  }

  /** The JSON of the body. `undefined` if it is only white space. */
  async readJson(request: Request, response: Response): Promise<JsonNode | undefined> {
    await this.#read(request, response)
    const body: unknown = request.body
    if (Buffer.isBuffer(body)) return parseJson(decodeText(body))
    return typeof body === 'string' ? parseJson(body) : locate(body)
  }

  /** Puts the bytes into `request.body`, where a parser of the host application puts its content. */
  async #read(request: Request, response: Response): Promise<void> {
    // A host application may set an empty body without reading one.
    if (request.body !== undefined && request.readableDidRead) return
    if (lengthOf(request) > this.#maxBytes) throw this.#tooLong()
    await new Promise<void>((resolve, reject) => {
      let bytes = 0
      // The parser refuses a body that is too long only after its end, and some bodies never end.
      request.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > this.#maxBytes) reject(this.#tooLong())
      })
      void this.#readBytes(request, response, (error?: unknown) =>
        error ? reject(this.#refusal(error)) : resolve(),
      )
    })
  }

  #tooLong(cause?: unknown): QueryError {
    return new QueryError(
      'too_long_http_content_exception',
      `content length exceeded ${this.#maxBytes} bytes.`,
      { cause },
    )
  }

  #refusal(error: unknown): QueryError {
    const type = error instanceof Error && 'type' in error ? error.type : undefined
    if (type === 'entity.too.large') return this.#tooLong(error)
    return new QueryError('parse_exception', 'the request body could not be read', { cause: error })
  }
}

function lengthOf({ headers }: Request): number {
  return Number(headers['content-length'] ?? 0)
}

/** Parsers represent an empty body by no bytes, no text, or an object without members. */
function isEmpty(body: unknown): boolean {
  if (body === undefined || body === '') return true
  if (Buffer.isBuffer(body)) return body.length === 0
  return typeof body === 'object' && body !== null && Object.keys(body).length === 0
}

function decodeText(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new QueryError('x_content_parse_exception', '[1:1] Invalid UTF-8 in the request body', {
      causedBy: { type: 'json_parse_exception', reason: 'Invalid UTF-8 in the request body' },
      cause,
    })
  }
}
