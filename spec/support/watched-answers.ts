import type { IncomingMessage, ServerResponse } from 'node:http'
import { assertDocumented } from './api-contract'

/** Compares an answer with `api-spec.yaml` when it is complete, and adds to `faults` what is wrong. `isExempt` is asked then. */
export function watchAnswer(
  { method = '' }: IncomingMessage,
  response: ServerResponse,
  path: string,
  faults: unknown[],
  isExempt: () => boolean = () => false,
): void {
  const chunks: Buffer[] = []
  for (const name of ['write', 'end'] as const) {
    const original = response[name].bind(response) as (...args: unknown[]) => never
    response[name] = ((...args: unknown[]) => {
      const [chunk] = args
      if (typeof chunk === 'string' || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk as string))
      return original(...args)
    }) as never
  }
  response.on('finish', () => {
    if (isExempt()) return
    const headers = Object.fromEntries(
      Object.entries(response.getHeaders()).map(([name, value]) => [name, String(value)]),
    )
    try {
      // Node.js sends no body in an answer to HEAD, whatever the application writes.
      const body = method === 'HEAD' ? Buffer.alloc(0) : Buffer.concat(chunks)
      assertDocumented({ method, path, status: response.statusCode, headers, body })
    } catch (fault) {
      faults.push(fault)
    }
  })
}
