/** Failures that are printed with all there is to know; of later ones only the number. */
const MOST_PRINTED = 10
/** With so many failures more of them tell nothing new. */
const MOST_FAILURES = 200

/** What clients and gateways have to say while the soak goes on. */
export class Watch {
  failures = []
  warnings = {}
  isHopeless = false
  #clients
  #fleet
  #latest = []

  constructor(clients, fleet) {
    this.#clients = clients
    this.#fleet = fleet
  }

  /** Takes in what has happened since this was called last. */
  async look() {
    this.#latest = await Promise.all(this.#clients.map((client) => client.ask('report')))
    for (const failure of this.#latest.flatMap(({ failures }) => failures)) this.fail(failure)
  }

  /** Takes in what a gateway has logged. */
  async readLog(name) {
    const { faults, warnings } = await this.#fleet.gateways[name].ask('logged')
    for (const fault of faults) this.fail({ what: `the gateway ${name} has logged an error`, details: fault })
    for (const [message, times] of warnings) this.warnings[message] = (this.warnings[message] ?? 0) + times
  }

  fail(failure) {
    this.failures.push(failure)
    this.isHopeless ||= this.failures.length >= MOST_FAILURES
    if (this.failures.length > MOST_PRINTED) return
    console.error(`\nFAILURE ${this.failures.length}: ${failure.what}`)
    console.error(JSON.stringify(failure.details, null, 2))
  }

  get counts() {
    const sums = {}
    for (const { counts } of this.#latest) {
      for (const [what, times] of Object.entries(counts)) sums[what] = (sums[what] ?? 0) + times
    }
    return sums
  }

  /** Requests that are not answered yet. */
  get open() {
    return this.#latest.reduce((sum, { open }) => sum + open, 0)
  }
}
