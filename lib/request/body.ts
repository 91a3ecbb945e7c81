import type { Request, RequestHandler, Response } from 'express'
import { raw } from 'express'
import { QueryError } from '../errors'
import type { JsonNode } from './json-body'
import { locate, parseJson } from './json-body'

/** Reads the body of a request, once, whether or not the host application has done so already. */
export class BodyReader {
  readonly #maxBytes: number
  readonly #readBytes: RequestHandler

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
    this.#readBytes = raw({ type: () => true, limit: maxBytes, inflate: true })
  }

  /** Whether the request has a body. A chunked one has to be read to know. */
  async hasBody(request: Request, response: Response): Promise<boolean> {
    if (request.headers['transfer-encoding'] === undefined) {
      return Number(request.headers['content-length'] ?? 0) > 0
    }
    await this.#read(request, response)
    return !(Buffer.isBuffer(request.body) && request.body.length === 0)
  }

  /** The JSON of the body, or `undefined` where there is only white space. */
  async readJson(request: Request, response: Response): Promise<JsonNode | undefined> {
    await this.#read(request, response)
    const body: unknown = request.body
    if (Buffer.isBuffer(body)) return parseJson(decodeText(body))
    return typeof body === 'string' ? parseJson(body) : locate(body)
  }

  /** Leaves the bytes in `request.body`, where a parser of the host application leaves what it has read. */
  async #read(request: Request, response: Response): Promise<void> {
    if (request.body !== undefined) return
    try {
      await new Promise<void>((resolve, reject) => {
        void this.#readBytes(request, response, (error?: unknown) => (error ? reject(error) : resolve()))
      })
    } catch (error) {
      throw this.#refusal(error)
    }
  }

  #refusal(error: unknown): QueryError {
    const type = error instanceof Error && 'type' in error ? error.type : undefined
    if (type === 'entity.too.large') {
      return new QueryError(
        'too_long_http_content_exception',
        `content length exceeded ${this.#maxBytes} bytes.`,
        {
          cause: error,
        },
      )
    }
    return new QueryError('parse_exception', 'the request body could not be read', { cause: error })
  }
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
