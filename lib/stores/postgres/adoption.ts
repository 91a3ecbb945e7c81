import { AsyncResource } from 'node:async_hooks'
import type { Ledger } from './ledger'
import type { TakenQuery } from './rows'

/** The process that takes over queries. */
export interface Adopter {
  hasRoom(): boolean
  /** Lets others know that this process is there. */
  begin(): Promise<void>
  /** Resolves with whether the query runs here. Otherwise others may take it over. */
  rerun(query: TakenQuery): Promise<boolean>
}

/** Takes over queries that nobody runs any more, one after the other, as long as there is room for them. */
export class Adoption {
  readonly #ledger: Ledger
  readonly #adopter: Adopter
  /** What it takes over belongs to no request that happens to find it. */
  readonly #context = new AsyncResource('PostgresAdoption')
  #underWay: Promise<void> | undefined
  /** There may be more since the tables were asked. */
  #isDue = false

  constructor(ledger: Ledger, adopter: Adopter) {
    this.#ledger = ledger
    this.#adopter = adopter
  }

  /** Settles when nothing is taken over. */
  get underWay(): Promise<void> | undefined {
    return this.#underWay
  }

  run(): Promise<void> {
    this.#isDue = true
    this.#underWay ??= this.#context.runInAsyncScope(() => this.#begin())
    return this.#underWay
  }

  async #begin(): Promise<void> {
    try {
      await this.#takeAll()
    } finally {
      this.#underWay = undefined
    }
  }

  async #takeAll(): Promise<void> {
    if (!this.#adopter.hasRoom()) return
    await this.#adopter.begin()
    while (this.#isDue && this.#adopter.hasRoom()) {
      this.#isDue = false
      const taken = await this.#ledger.take()
      if (!taken) continue
      if (await this.#adopter.rerun(taken)) this.#isDue = true
    }
  }
}
