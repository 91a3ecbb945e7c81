import { Agent } from 'node:http'

/** A gateway as clients know it: its address, and whether it is there. */
export class Target {
  agent = newAgent()
  #generation = 0
  #isUp = true
  #outages = 0
  #isAway = false

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

  /** Its database is about to go. */
  away() {
    this.#isAway = true
    this.#outages++
  }

  back() {
    this.#isAway = false
  }

  /** Closes the idle connections. */
  rest() {
    this.agent.destroy()
    this.agent = newAgent()
  }

  /** A moment in the life of the gateway. */
  moment() {
    return {
      atMs: performance.now(),
      generation: this.#generation,
      isUp: this.#isUp,
      outages: this.#outages,
      isAway: this.#isAway,
    }
  }

  /** Whether it has been there without a break since that moment. */
  wasUpSince({ generation, isUp }) {
    return isUp && this.#isUp && generation === this.#generation
  }

  /** Whether its database was there all the time since that moment. */
  hadDatabaseSince({ outages, isAway }) {
    return this.store !== 'postgres' || (!isAway && outages === this.#outages)
  }
}

function newAgent() {
  return new Agent({ keepAlive: true, maxFreeSockets: 32 })
}
