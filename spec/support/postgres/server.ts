import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, realpathSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { giveToServer, installedBinaries, runnableBinaries, serverUser } from './binaries'

/** The path of a socket may have 103 bytes on every platform, and below this parent it gets some 45. */
const LONGEST_PARENT = 55

export const KEEPER = path.join(__dirname, 'keeper.cjs')

/** Parameters of PostgreSQL, by their names. */
type Settings = Readonly<Record<string, string>>

/**
 * A PostgreSQL server of its own, for specs that need to do something to it. It listens on a unix socket, on no port. When
 * the process of the spec ends, in whatever way, the server ends too, and its files are gone.
 */
export class PostgresServer {
  /** Holds the data, the socket and whatever else belongs to it. */
  readonly folder: string
  /** For `pg`, for `psql` and for other processes. */
  readonly url: string
  readonly #keeper: ChildProcess
  readonly #exited: Promise<unknown>
  readonly #binaries: string
  #bin: string | undefined

  private constructor(settings: Settings, binaries: string) {
    this.folder = newFolder()
    this.url = `postgres://postgres@localhost:5432/postgres?host=${encodeURIComponent(this.folder)}`
    this.#binaries = binaries
    const options = { folder: this.folder, user: serverUser, settings }
    // Detached: what a terminal sends to the spec does not reach the keeper, which has to end after it.
    this.#keeper = fork(KEEPER, [JSON.stringify(options)], { detached: true })
    this.#exited = once(this.#keeper, 'exit')
  }

  /**
   * By default nothing is flushed to the disk: a process that is killed loses nothing by that, just a machine does.
   * `binaries` is the folder of another PostgreSQL.
   */
  static async start(settings: Settings = {}, binaries = installedBinaries()): Promise<PostgresServer> {
    const server = new PostgresServer({ fsync: 'off', ...settings }, binaries)
    try {
      await server.start()
    } catch (error) {
      await server.remove()
      throw error
    }
    return server
  }

  /** Starts again what was killed or shut down. Resolves when it takes connections. */
  async start(): Promise<void> {
    this.#bin ??= runnableBinaries(this.#binaries, this.folder)
    await this.#tell('start', this.#bin)
  }

  /** `kill -9` of all its processes. What was committed is there after the next start. */
  kill(): Promise<void> {
    return this.#tell('kill')
  }

  /** Ends in order: its clients get an error that says so. */
  shutDown(): Promise<void> {
    return this.#tell('shutDown')
  }

  /** Stops all its processes where they stand, until {@link thaw}. Connections stay open, and nothing answers. */
  freeze(): Promise<void> {
    return this.#tell('freeze')
  }

  thaw(): Promise<void> {
    return this.#tell('thaw')
  }

  /** Ends it, in whatever state it is, and removes its files. */
  async remove(): Promise<void> {
    if (this.#keeper.connected) this.#keeper.disconnect()
    await this.#exited
  }

  async #tell(command: string, argument?: string): Promise<void> {
    const gone = this.#exited.then(() => [{ error: 'its keeper has ended' }])
    this.#keeper.send([command, argument])
    const [{ error }] = await Promise.race([once(this.#keeper, 'message'), gone])
    if (error) throw new Error(`PostgreSQL does not ${command}: ${error}`)
  }
}

/** A new folder that the server's user can reach, and nobody else. */
export function newFolder(): string {
  const parent = [tmpdir(), '/tmp'].find(
    (name) => name.length <= LONGEST_PARENT && isOpen(realpathSync(name)),
  )
  if (parent === undefined)
    throw new Error('No folder for temporary files is open to others and has a short path')
  const folder = mkdtempSync(path.join(parent, 'esql-async-postgres-'))
  giveToServer(folder)
  return folder
}

/** Whether the server's user can reach it. */
function isOpen(folder: string): boolean {
  if (serverUser.uid === undefined) return true
  const isPassable = (statSync(folder).mode & 0o001) !== 0
  return isPassable && (folder === path.dirname(folder) || isOpen(path.dirname(folder)))
}
