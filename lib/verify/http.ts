import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Clock } from '../core/clock'
import type { Request } from './answer'
import { Answer, Breach } from './answer'

/** An idle connection of ours ends before a server with the default of Node.js, five seconds, ends it. */
const IDLE_MS = 1_000

/** Longer bodies are no answers to checks. */
const MAX_BYTES = 64 * 2 ** 20

export interface Limits {
  /** How long an answer may take, in milliseconds. */
  patienceMs: number
  signal: AbortSignal
}

/** Sends requests to one server, over connections that it keeps. */
export class Connections {
  readonly #clock: Clock
  readonly #agents = {
    'http:': new HttpAgent({ keepAlive: true, timeout: IDLE_MS }),
    'https:': new HttpsAgent({ keepAlive: true, timeout: IDLE_MS }),
  }

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Rejects with a {@link Breach} where no whole answer comes, and with the reason of the signal. */
  send(request: Request, { patienceMs, signal }: Limits): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const lose = (problem: string): void => {
        end(() => reject(new Breach(`there is no answer: ${problem}`, request)))
      }
      const sent = this.#open(request)
      const onAbort = (): void => end(() => reject(signal.reason))
      const cancel = this.#clock.setTimer(() => lose(`none within ${patienceMs} ms`), patienceMs)
      const end = (settle: () => void): void => {
        cancel()
        signal.removeEventListener('abort', onAbort)
        settle()
        sent.destroy()
      }
      signal.addEventListener('abort', onAbort, { once: true })
      sent.on('error', (error: NodeJS.ErrnoException) => lose(error.code ?? error.message))
      sent.on('response', (response) => {
        const chunks: Buffer[] = []
        let length = 0
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk)
          length += chunk.length
          if (length > MAX_BYTES) lose(`the body is longer than ${MAX_BYTES} bytes`)
        })
        response.on('error', () => lose('the body breaks off'))
        response.on('end', () => {
          cancel()
          signal.removeEventListener('abort', onAbort)
          const { statusCode = 0, headers } = response
          const texts = Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')])
          resolve(new Answer(request, statusCode, Object.fromEntries(texts), Buffer.concat(chunks)))
        })
      })
      sent.end(request.body)
    })
  }

  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy()
  }

  #open({ method, url, headers, body }: Request) {
    const isSecure = url.protocol === 'https:'
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
    return (isSecure ? httpsRequest : httpRequest)(url, {
      method,
      headers: { ...headers, ...length },
      agent: isSecure ? this.#agents['https:'] : this.#agents['http:'],
    })
  }
}
