import { Agent } from 'node:http'

/** A gateway as clients know it: its address, and whether it is there. */
export class Target {
  agent = newAgent()
  #generation = 0
  #isUp = true

  /** `store`: the kind of its store. A memory store forgets its queries in a kill, and knows no id of another. */
  constructor({ name, gateway, port, prefix, store }) {
    Object.assign(this, { name, gateway, port, prefix, store })
  }

  get forgets() {
    return this.store === 'memory'
  }

  /** The soak is about to kill it. */
  down() {
    this.#isUp = false
  }

  /** It runs again. Nobody may use a connection to the process before. */
  up() {
    this.rest()
    this.#generation++
    this.#isUp = true
  }

  /** Closes the idle connections. */
  rest() {
    this.agent.destroy()
    this.agent = newAgent()
  }

  /** A moment in the life of the gateway. */
  moment() {
    return { atMs: performance.now(), generation: this.#generation, isUp: this.#isUp }
  }

  /** Whether it has been there without a break since that moment. */
  wasUpSince({ generation, isUp }) {
    return isUp && this.#isUp && generation === this.#generation
  }
}

function newAgent() {
  return new Agent({ keepAlive: true, maxFreeSockets: 32 })
}
