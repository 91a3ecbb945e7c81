import { statSync } from 'node:fs'
import { systemClock } from '../core/clock'
import { messageOf } from '../core/message-of'
import type { Clock, Logger } from '../index'
import { readSampleCatalogue } from '../sample/catalogue'
import type { SampleQuery } from '../sample/engine'
import type { ServerConfig } from './config'

/** How often the files are looked at, in milliseconds. Notices of the file system get lost on mounted folders. */
const INTERVAL_MS = 250

/** The queries that a server answers. Those of a file that is watched change with it. */
export class LiveCatalogue {
  queries: readonly SampleQuery[]
  #files: readonly string[]
  /** The state of the files when they were read. */
  #stamp: string
  /** Why the last reading failed. The next look tries again: the files may be half written. */
  #fault: string | undefined
  #cancelTimer = (): void => {}
  readonly #logger: Logger
  readonly #clock: Clock

  constructor(
    { queries, watchedFiles }: Pick<ServerConfig, 'queries' | 'watchedFiles'>,
    logger: Logger,
    clock: Clock = systemClock,
  ) {
    this.queries = queries
    this.#files = watchedFiles
    this.#stamp = stampOf(watchedFiles)
    this.#logger = logger
    this.#clock = clock
    if (watchedFiles.length > 0) this.#arm()
  }

  close(): void {
    this.#cancelTimer()
  }

  #arm(): void {
    this.#cancelTimer = this.#clock.setTimer(() => this.#look(), INTERVAL_MS, { background: true })
  }

  #look(): void {
    const [file] = this.#files
    const stamp = stampOf(this.#files)
    if (file !== undefined && (stamp !== this.#stamp || this.#fault !== undefined)) this.#read(file, stamp)
    this.#arm()
  }

  #read(file: string, stamp: string): void {
    this.#stamp = stamp
    try {
      const { queries, files } = readSampleCatalogue(file)
      this.queries = queries
      // Of files that were read before, only what has changed since is to be found.
      if (files.join() !== this.#files.join()) this.#stamp = stampOf(files)
      this.#files = files
      this.#fault = undefined
      this.#logger.info({ file, queries: queries.length }, 'read the catalogue again')
    } catch (cause) {
      const fault = messageOf(cause)
      if (fault !== this.#fault) {
        this.#logger.error({ fault }, 'the catalogue has a fault; its queries stay as they were')
      }
      this.#fault = fault
    }
  }
}

/** Changes with every file. */
function stampOf(files: readonly string[]): string {
  return files.map(stampOfFile).join()
}

function stampOfFile(file: string): string {
  try {
    const { ino, size, ctimeNs } = statSync(file, { bigint: true })
    return `${ino} ${size} ${ctimeNs}`
  } catch (cause) {
    // Reading it says what is wrong.
    return messageOf(cause)
  }
}
