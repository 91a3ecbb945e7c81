import { runInThisContext } from 'node:vm'

/** The real `process`: Jest gives specs a copy that gets no events. */
const realProcess: NodeJS.Process = runInThisContext('process')

const EVENTS = ['uncaughtExceptionMonitor', 'unhandledRejection', 'warning'] as const

/** Prototypes that a name from a client could reach. */
const PROTOTYPES = { Object, Array, Function, String, Number, Boolean, Map, Set, Promise, Buffer }

/** Watches for what no request may cause in the process: uncaught errors, warnings, changed prototypes. */
export class ProcessWatch {
  readonly #events: string[] = []
  readonly #prototypes = describePrototypes()
  readonly #listener = (event: unknown): void => {
    if (!isOfExpress(event)) this.#events.push(String(event))
  }

  constructor() {
    for (const name of EVENTS) realProcess.on(name, this.#listener)
  }

  get faults(): string[] {
    const prototypes = describePrototypes()
    return [...this.#events, ...prototypes.filter((text) => !this.#prototypes.includes(text))]
  }

  clear(): void {
    this.#events.length = 0
  }

  stop(): void {
    for (const name of EVENTS) realProcess.off(name, this.#listener)
  }
}

/** Express reads a target with an origin by a function that Node.js warns about. */
function isOfExpress(event: unknown): boolean {
  return typeof event === 'object' && event !== null && 'code' in event && event.code === 'DEP0170'
}

function describePrototypes(): string[] {
  return Object.entries(PROTOTYPES).map(
    ([name, { prototype }]) => `${name}.prototype: ${Reflect.ownKeys(prototype).map(String).join(' ')}`,
  )
}
