import { unwatchFile, watchFile } from 'node:fs'
import { messageOf } from '../core/message-of'
import type { Logger } from '../index'
import { readSampleCatalogue } from '../sample/catalogue'
import type { SampleQuery } from '../sample/engine'
import type { ServerConfig } from './config'

/** How often the files are looked at, in milliseconds. Notices of the file system get lost on mounted folders. */
const INTERVAL_MS = 250

/** The queries that a server answers. Those of a file that is watched change with it. */
export class LiveCatalogue {
  queries: readonly SampleQuery[]
  #files: readonly string[] = []
  readonly #logger: Logger

  constructor({ queries, watchedFiles }: Pick<ServerConfig, 'queries' | 'watchedFiles'>, logger: Logger) {
    this.queries = queries
    this.#logger = logger
    this.#watch(watchedFiles)
  }

  close(): void {
    this.#watch([])
  }

  #watch(files: readonly string[]): void {
    for (const file of this.#files) unwatchFile(file, this.#readAgain)
    this.#files = files
    for (const file of files) watchFile(file, { interval: INTERVAL_MS, persistent: false }, this.#readAgain)
  }

  /** A file with a fault may be half a file, whose rest comes soon. */
  readonly #readAgain = (): void => {
    const [file] = this.#files
    if (file === undefined) return
    try {
      const { queries, files } = readSampleCatalogue(file)
      this.queries = queries
      this.#watch(files)
      this.#logger.info({ file, queries: queries.length }, 'read the catalogue again')
    } catch (fault) {
      this.#logger.error(
        { fault: messageOf(fault) },
        'the catalogue has a fault; its queries stay as they were',
      )
    }
  }
}
