/** It prints so many failures in full, and only the number of later ones. */
const MOST_PRINTED = 10
/** After so many failures, more of them tell nothing new. */
const MOST_FAILURES = 200

const KEEPING = 'keeps a query while nobody reads its log'

/** Collects what clients, gateways and the proxy tell during the soak. */
export class Watch {
  failures = []
  warnings = {}
  isHopeless = false
  #clients
  #fleet
  #latest = []
  #done = {}

  constructor(clients, fleet) {
    this.#clients = clients
    this.#fleet = fleet
  }

  /** Takes in what has happened since the last look. */
  async look() {
    this.#latest = await Promise.all(this.#clients.map((client) => client.ask('report')))
    for (const failure of this.#latest.flatMap(({ failures }) => failures)) this.fail(failure)
    if (!this.#fleet.keeper) return
    const lost = await this.#fleet.keeper.look()
    this.#count({ [KEEPING]: 1 })
    if (lost) this.fail({ kind: KEEPING, what: 'a standalone gateway has lost a query', details: lost })
  }

  /** Takes in what a gateway, or the proxy, has logged. */
  async readLog(name) {
    const {
      faults,
      warnings = [],
      done,
    } = await (this.#fleet.gateways[name] ?? this.#fleet[name]).ask('logged')
    for (const fault of faults) {
      this.fail({ kind: `log of ${name}`, what: `${name} has logged an error`, details: fault })
    }
    for (const [message, times] of warnings) this.warnings[message] = (this.warnings[message] ?? 0) + times
    this.#count(done)
  }

  fail(failure) {
    this.failures.push(failure)
    this.isHopeless ||= this.failures.length >= MOST_FAILURES
    if (this.failures.length > MOST_PRINTED) return
    console.error(`\nFAILURE ${this.failures.length}: ${failure.what} (${failure.kind})`)
    console.error(JSON.stringify(failure.details, null, 2))
  }

  get counts() {
    return this.#latest.reduce((sums, { counts }) => sum(sums, counts), {})
  }

  /** How often each kind of deed and fault happened, and how often something about it was wrong. */
  get kinds() {
    const done = this.#latest.reduce((sums, { done }) => sum(sums, done), { ...this.#done })
    const failed = {}
    for (const { kind } of this.failures) failed[kind] = (failed[kind] ?? 0) + 1
    const names = [...new Set([...Object.keys(done), ...Object.keys(failed)])]
    return names.map((name) => ({ name, done: done[name] ?? 0, failed: failed[name] ?? 0 }))
  }

  /** How many deeds have not ended. */
  get open() {
    return this.#latest.reduce((sum, { open }) => sum + open, 0)
  }

  #count(done) {
    this.#done = sum(this.#done, done)
  }
}

function sum(left, right) {
  const sums = { ...left }
  for (const [what, times] of Object.entries(right)) sums[what] = (sums[what] ?? 0) + times
  return sums
}
