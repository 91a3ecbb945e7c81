import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { programAt } from '../programs'
import { giveToServer, serverUser } from './binaries'
import type { PostgresServer } from './server'

/** The program, where it is installed. npm has none. */
export const pgBouncerProgram = programAt('pgbouncer')

/** Ends PgBouncer when its own input ends: with the process of the spec, in whatever way that ends. */
const KEEPER = '"$0" "$1" & read line; kill -9 $!; wait'

/** A PgBouncer in transaction mode in front of a server, on a unix socket. */
export class PgBouncer {
  readonly url: string
  readonly #folder: string
  readonly #keeper: ChildProcess
  readonly #exited: Promise<unknown>

  private constructor(server: PostgresServer, program: string) {
    this.#folder = path.join(server.folder, 'b')
    mkdirSync(this.#folder)
    giveToServer(this.#folder)
    const config = path.join(this.#folder, 'ini')
    writeFileSync(
      config,
      `[databases]
postgres = host=${server.folder} port=5432 user=postgres
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = ${this.#folder}
auth_type = any
pool_mode = transaction
default_pool_size = 10
`,
    )
    giveToServer(config)
    this.url = `postgres://postgres@localhost:6432/postgres?host=${encodeURIComponent(this.#folder)}`
    this.#keeper = spawn('sh', ['-c', KEEPER, program, config], {
      ...serverUser,
      cwd: '/',
      stdio: ['pipe', 'ignore', 'pipe'],
    })
    this.#exited = once(this.#keeper, 'exit')
  }

  static async start(server: PostgresServer, program: string): Promise<PgBouncer> {
    const bouncer = new PgBouncer(server, program)
    try {
      await bouncer.#started()
    } catch (error) {
      await bouncer.remove()
      throw error
    }
    return bouncer
  }

  async remove(): Promise<void> {
    this.#keeper.stdin?.end()
    await this.#exited
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #started(): Promise<void> {
    let log = ''
    await new Promise<void>((resolve, reject) => {
      this.#keeper.stderr?.on('data', (chunk) => {
        log += chunk
        if (log.includes('process up')) resolve()
        else if (/FATAL|not found/.test(log)) reject(new Error(`PgBouncer does not start:\n${log}`))
      })
    })
  }
}
