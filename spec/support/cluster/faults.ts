/** What a request can be for. */
export type Operation = 'info' | 'submit' | 'get' | 'stop' | 'delete'

/** Something that goes wrong with one request. */
export type Fault =
  /** Another answer, and nothing happens in the cluster. A body that is an object is sent as JSON. */
  | { kind: 'answer'; status: number; body?: object | string | Buffer; headers?: Record<string, string> }
  /** The connection ends before anything happens. */
  | { kind: 'drop' }
  /** Bytes that need not be HTTP, then the connection ends. */
  | { kind: 'raw'; bytes: string }
  /** Nothing happens, and there is never an answer. */
  | { kind: 'silence' }
  /** The cluster takes its time: nothing happens before the promise settles. */
  | { kind: 'delay'; until: Promise<unknown> }
  /** The request is served, and its answer waits until the promise settles. */
  | { kind: 'hold'; until: Promise<unknown> }
  /** The request is served, and the connection ends instead of an answer. */
  | { kind: 'lose' }
  /** The answer breaks off after so many bytes of its body. */
  | { kind: 'cut'; afterBytes: number }
  /** The answer pauses after so many bytes of its body. */
  | { kind: 'stall'; afterBytes: number; until: Promise<unknown> }
  /** The answer has its headers, and another body. */
  | { kind: 'replace'; body: string | Buffer }

interface Planned {
  operation: Operation
  fault: Fault
  times: number
}

/** The faults to come. Each is for the next requests of one operation. */
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
