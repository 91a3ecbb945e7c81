import { Agent } from 'node:http'

/** A gateway as clients know it: where it is, and whether it is there. */
export class Target {
  agent = newAgent()
  #generation = 0
  #isUp = true

  /** `store`: one that forgets its queries when it is killed has none of the others' ids. */
  constructor({ name, gateway, port, prefix, store }) {
    Object.assign(this, { name, gateway, port, prefix, store })
  }

  get forgets() {
    return this.store === 'memory'
  }

  /** It is about to be killed. */
  down() {
    this.#isUp = false
  }

  /** It has been started again, and nobody may use a connection to the one before. */
  up() {
    this.rest()
    this.#generation++
    this.#isUp = true
  }

  /** Lets go of the connections that are idle. */
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
