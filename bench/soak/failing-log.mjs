import { consoleLogger } from '../../dist/core/logger.js'

/** What happens to an entry of the log, and how often. Nobody reads the console. */
const FATES = { throws: 1, isWritten: 2 }

/** A log that throws now and then, as logs of hosts do. `takeIn(level, fields, message)` gets every entry first. */
export class FailingLog {
  #thrown = 0
  #written = 0
  #takeIn
  #random

  constructor(takeIn, random) {
    this.#takeIn = takeIn
    this.#random = random
    for (const level of ['debug', 'info', 'warn', 'error']) {
      this[level] = (fields, message) => this.#log(level, fields, message)
    }
  }

  take() {
    const taken = {
      'log throws': this.#thrown,
      'log goes to a console that nobody reads': this.#written,
    }
    this.#thrown = 0
    this.#written = 0
    return taken
  }

  #log(level, fields, message) {
    this.#takeIn(level, fields, message)
    if (this.#random.weighted(FATES) === 'throws') {
      this.#thrown++
      throw new Error('this log throws')
    }
    this.#written++
    // The package's own logger writes only some levels, and the console is to be full.
    consoleLogger[consoleLogger.isLevelEnabled(level) ? level : 'warn'](fields, message)
  }
}
