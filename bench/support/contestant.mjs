import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const PATIENCE_MS = 90_000

/** A process of its own that answers commands, so that its cost is nobody else's. */
export class Contestant {
  #child
  #nextId = 0
  #pending = new Map()

  /**
   * Starts `contestants/NAME.mjs`, and its `start` command with `config`. `isUnread`: nobody reads its output, so each
   * line that it prints fails with EPIPE.
   */
  static async start(name, config, { execArgv = [], isUnread = false } = {}) {
    const contestant = new Contestant(name, execArgv, isUnread)
    contestant.started = await contestant.ask('start', config)
    return contestant
  }

  constructor(name, execArgv, isUnread) {
    const script = fileURLToPath(new URL(`../contestants/${name}.mjs`, import.meta.url))
    this.name = name
    const env = { NODE_ENV: 'production' }
    this.#child = fork(script, { execArgv: ['--expose-gc', ...execArgv], env, silent: isUnread })
    this.#child.stdout?.destroy()
    this.#child.stderr?.destroy()
    this.#child.on('message', ({ id, value, error }) => this.#settle(id, value, error))
    this.#child.on('exit', (code) => {
      for (const id of this.#pending.keys()) this.#settle(id, undefined, `${name} ended with code ${code}`)
    })
  }

  ask(command, argument) {
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.#settle(id, undefined, `${this.name} does not answer ${command}`),
        PATIENCE_MS,
      )
      this.#pending.set(id, { resolve, reject, timer })
      this.#child.send({ id, command, argument })
    })
  }

  /** Ends the process at once, as a crash of its machine does. */
  kill() {
    const exited = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGKILL')
    return exited
  }

  /** Lets the process end by itself, so that it writes its profile. */
  stop() {
    return new Promise((resolve) => {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) return resolve()
      this.#child.once('exit', resolve)
      this.#child.disconnect()
    })
  }

  #settle(id, value, error) {
    const { resolve, reject, timer } = this.#pending.get(id) ?? {}
    this.#pending.delete(id)
    clearTimeout(timer)
    if (error !== undefined) reject?.(new Error(error))
    else resolve?.(value)
  }
}

/** Runs `use` with contestants, and ends them afterwards, whatever happens. */
export async function withContestants(starts, use) {
  const started = await Promise.allSettled(starts)
  const contestants = started.flatMap(({ value }) => value ?? [])
  try {
    const failed = started.find(({ status }) => status === 'rejected')
    if (failed) throw failed.reason
    return await use(...contestants)
  } finally {
    await Promise.all(contestants.map((contestant) => contestant.stop()))
  }
}
