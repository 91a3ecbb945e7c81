/** The operation of a request. */
export type Operation = 'info' | 'query' | 'submit' | 'get' | 'stop' | 'delete' | 'list' | 'show'

/** A fault of one request. */
export type Fault =
  /** The cluster sends this answer, and does nothing else. It sends an object as JSON. */
  | { kind: 'answer'; status: number; body?: object | string | Buffer; headers?: Record<string, string> }
  /** The connection ends before anything happens. */
  | { kind: 'drop' }
  /** The cluster sends these bytes, which need not be HTTP. Then the connection ends. */
  | { kind: 'raw'; bytes: string }
  /** Nothing happens, and there is never an answer. */
  | { kind: 'silence' }
  /** The cluster is slow: nothing happens before the promise settles. */
  | { kind: 'delay'; until: Promise<unknown> }
  /** The request is served, and its answer waits until the promise settles. */
  | { kind: 'hold'; until: Promise<unknown> }
  /** The request is served, and the connection ends instead of an answer. */
  | { kind: 'lose' }
  /** The answer breaks off after so many bytes of its body. */
  | { kind: 'cut'; afterBytes: number }
  /** The answer pauses after so many bytes of its body. */
  | { kind: 'stall'; afterBytes: number; until: Promise<unknown> }
  /** The request is served, and its answer has another body or other headers. It loses those that are `undefined`. */
  | {
      kind: 'replace'
      body?: string | Buffer | ((served: Buffer) => string | Buffer)
      headers?: Record<string, string | undefined>
    }

/** An answer that Elasticsearch itself gives in place of the service of a request. */
export function refusal(
  status: number,
  error: { type: string; reason: string },
  headers: Record<string, string> = {},
): Fault {
  const body = { error: { root_cause: [error], ...error }, status }
  return { kind: 'answer', status, body, headers: { 'X-elastic-product': 'Elasticsearch', ...headers } }
}

interface Planned {
  operation: Operation
  fault: Fault
  times: number
}

/** The coming faults. Each applies to the next requests of one operation. */
export class Faults {
  #planned: Planned[] = []

  add(operation: Operation, fault: Fault, times: number): void {
    this.#planned.push({ operation, fault, times })
  }

  clear(): void {
    this.#planned = []
  }

  take(operation: Operation): Fault | undefined {
    const next = this.#planned.find((planned) => planned.operation === operation && planned.times > 0)
    if (!next) return undefined
    next.times -= 1
    return next.fault
  }
}
