import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import type { EntryFields } from '../catalogue/format'
import type { Asked } from '../catalogue/matching'
import type { Clock } from '../core/clock'
import { abbreviated } from '../core/errors'
import { messageOf } from '../core/message-of'
import type { CompletedQuery } from '../core/store'
import type { WrittenCatalogue } from './catalogue-file'
import {
  askedBy,
  catalogueText,
  filesOf,
  keyOf,
  readChangeable,
  realFile,
  saltOf,
  writeWhole,
} from './catalogue-file'
import { whyNoOutcome } from './outcome'
import { RecordedQuery } from './recorded-query'
import type { Redaction } from './redaction'
import { Redactor } from './redaction'
import type { TakenResponse } from './response-recorder'
import { ResponseRecorder } from './response-recorder'
import { Scrubber } from './scrubber'

export interface RecordingOptions {
  /** The catalogue. Its entries stay, unless their query is asked again. */
  readonly file: string
  readonly redaction?: Redaction | undefined
  /** Rows of a result that are recorded. @default all */
  readonly maxRows?: number | undefined
  /** Whether each time counts that a query is asked, or the last one alone. @default 'all' */
  readonly repeats?: 'all' | 'last' | undefined
  /** Texts that must not be recorded, wherever they show up. @default none */
  readonly secrets?: readonly string[]
  /** The release of the cluster, if it tells. */
  readonly release?: string | undefined
  readonly clock: Clock
  /** Told of each thing that happens, for people. */
  readonly onProgress?: (line: string) => void
}

/** One time that a query is asked. */
export interface Run {
  readonly asked: Asked
  readonly recorded: Asked
  readonly order: number
}

/** What a run has come to, when a client sees it. */
export interface Seen {
  readonly ids: readonly string[]
  /** A client has stopped it. */
  readonly isStopped?: boolean
  readonly delayMs?: number | undefined
}

/** How many things that were left out are named. */
const MAX_NAMED = 20

/** A catalogue that grows while queries come to their ends. It is written after each of them. */
export class Recording {
  readonly #options: RecordingOptions
  readonly #file: string
  readonly #salt: string
  readonly #redactor: Redactor
  readonly #scrubber: Scrubber
  readonly #responses: ResponseRecorder
  readonly #queries = new Map<string, RecordedQuery>()
  readonly #leftOut: { query: string; why: string }[] = []
  #cut = 0
  #orders = 0
  /** What the file says, as far as this process knows. */
  #base: WrittenCatalogue
  #text: string | undefined
  /** Files that were written or replaced, and may be needed no more. */
  readonly #files = new Set<string>()
  #saving: Promise<void> = Promise.resolve()
  #isSaveDue = false

  /** Throws an error that names the fault of a file that is there. */
  constructor(options: RecordingOptions) {
    this.#options = options
    this.#file = realFile(options.file)
    this.#base = readChangeable(this.#file)
    this.#text = textOf(this.#file)
    this.#salt = saltOf(this.#base) ?? randomBytes(16).toString('hex')
    this.#redactor = new Redactor(options.redaction, this.#salt)
    this.#scrubber = new Scrubber(options.secrets ?? [])
    const { maxRows = Number.POSITIVE_INFINITY } = options
    this.#responses = new ResponseRecorder(this.#file, this.#redactor, this.#scrubber, maxRows)
  }

  /** Begins a run. `undefined`: nothing is to be recorded of it. */
  begin({ query, params = [], filter, locale, timeZone }: Asked): Run | undefined {
    const asked = {
      query,
      params,
      ...(filter && { filter }),
      ...(locale !== undefined && { locale }),
      ...(timeZone !== undefined && { timeZone }),
    }
    this.#orders += 1
    try {
      const recorded = this.#redactor.question(asked)
      this.#scrubber.rememberQuestion(asked, recorded)
      return { asked, recorded, order: this.#orders }
    } catch (error) {
      // The text may be what the redaction would have taken out.
      this.#leave('a query', `the redaction failed: ${messageOf(error)}`)
      return undefined
    }
  }

  async complete(run: Run, query: CompletedQuery, seen: Seen): Promise<void> {
    await this.#take(run, seen, async () => this.#responses.result({ ...run, ...seen }, query))
  }

  async fail(run: Run, error: unknown, seen: Seen): Promise<void> {
    const why = whyNoOutcome(error)
    if (why !== undefined) return this.leaveOut(run, why)
    await this.#take(
      run,
      seen,
      async () => this.#responses.failure({ ...run, ...seen }, error as never),
      true,
    )
  }

  leaveOut({ recorded: { query } }: Run, why: string): void {
    this.#leave(abbreviated(query), why)
  }

  /** Resolves when everything that has been taken is in the file. Rejects if that cannot be written. */
  async save(): Promise<void> {
    this.#isSaveDue = true
    this.#saving = this.#saving.catch(() => {}).then(() => this.#save())
    return this.#saving
  }

  /** The same, and nothing stays beside the file that it does not need. */
  async close(): Promise<void> {
    await this.save()
    await this.#removeFiles(filesOf(this.#base.entries), new Set())
  }

  /** What was recorded and what was left out, for people. */
  get summary(): string {
    const failures = [...this.#queries.values()].filter(({ isFailure }) => isFailure).length
    const counts = new Map<string, number>()
    for (const { why } of this.#leftOut) counts.set(why, (counts.get(why) ?? 0) + 1)
    const left = Array.from(counts, ([why, count]) => `${count} ${why} (left out)`)
    const parts = [
      countOf(this.#queries.size, 'query recorded', 'queries recorded'),
      ...(failures > 0 ? [countOf(failures, 'failure', 'failures')] : []),
      ...(this.#cut > 0 ? [`${this.#cut} cut to ${this.#options.maxRows} rows`] : []),
      ...left,
    ]
    const named = this.#leftOut.slice(0, MAX_NAMED).map(({ query, why }) => `\n  left out, ${why}: ${query}`)
    const more = this.#leftOut.length > MAX_NAMED ? `\n  and ${this.#leftOut.length - MAX_NAMED} more` : ''
    return `${parts.join(', ')}${named.join('')}${more}`
  }

  async #take(
    { asked, recorded, order }: Run,
    { isStopped = false, delayMs }: Seen,
    take: () => Promise<TakenResponse>,
    isFailure = false,
  ): Promise<void> {
    const shown = abbreviated(recorded.query)
    try {
      const response = await take()
      if (response.file !== undefined) this.#files.add(response.file)
      if (response.isCut) this.#cut += 1
      const isRedacted = asked !== recorded && keyOf(asked) !== keyOf(recorded)
      this.#queryOf(recorded).add({ isRedacted, order, response, isFailure, isStopped, delayMs })
      const what = isFailure ? 'failure' : countOf(response.rowCount, 'row', 'rows')
      this.#tell(`recorded (${isStopped ? 'stopped, ' : ''}${what}): ${shown}`)
    } catch (error) {
      return this.#leave(shown, `it cannot be recorded: ${messageOf(error)}`)
    }
    await this.save().catch((error) => this.#tell(`the catalogue cannot be written: ${messageOf(error)}`))
  }

  #queryOf(recorded: Asked): RecordedQuery {
    const key = keyOf(recorded)
    const query = this.#queries.get(key) ?? new RecordedQuery(recorded)
    this.#queries.set(key, query)
    return query
  }

  #leave(query: string, why: string): void {
    this.#leftOut.push({ query, why })
    this.#tell(`left out, ${why}: ${query}`)
  }

  #tell(line: string): void {
    this.#options.onProgress?.(line)
  }

  /** Several saves that wait for another one are one. */
  async #save(): Promise<void> {
    if (!this.#isSaveDue || this.#queries.size === 0) return
    this.#isSaveDue = false
    this.#readAgain()
    const entries = await this.#entries()
    if (entries.every((entry, index) => entry === this.#base.entries[index])) return
    const next = { ...this.#base, recorded: this.#recorded(), entries }
    const text = catalogueText(next)
    await writeWhole(this.#file, text)
    for (const file of filesOf(this.#base.entries)) this.#files.add(file)
    this.#base = next
    this.#text = text
    await this.#removeFiles(filesOf(entries), this.#mayNeed)
  }

  /** Files that a later time of the same query may bring back. */
  get #mayNeed(): Set<string> {
    return new Set([...this.#queries.values()].flatMap(({ files }) => files))
  }

  /** Another process may have recorded into the same file. */
  #readAgain(): void {
    const text = textOf(this.#file)
    if (text === this.#text) return
    this.#base = readChangeable(this.#file)
    this.#text = text
  }

  async #entries(): Promise<EntryFields[]> {
    const left = new Map(this.#queries)
    const { repeats = 'all' } = this.#options
    const folder = path.dirname(this.#file)
    const entries: EntryFields[] = []
    for (const entry of this.#base.entries) {
      const asked = askedBy(entry)
      const key = asked && keyOf(asked)
      const query = key === undefined ? undefined : left.get(key)
      if (key !== undefined) left.delete(key)
      entries.push(query ? await query.entry(entry, repeats, folder) : entry)
    }
    for (const query of left.values()) entries.push(await query.entry(undefined, repeats, folder))
    return entries
  }

  #recorded(): WrittenCatalogue['recorded'] {
    const { release } = this.#options
    return {
      ...this.#base.recorded,
      at: new Date(this.#options.clock.now()).toISOString().slice(0, 10),
      ...(release !== undefined && { release }),
      ...(!this.#redactor.isIdle && { salt: this.#salt }),
    }
  }

  /** Removes files of ours that the catalogue has named, or was to name, and does not name now. */
  async #removeFiles(needed: ReadonlySet<string>, kept: ReadonlySet<string>): Promise<void> {
    for (const file of this.#files) {
      if (needed.has(file) || kept.has(file) || !file.startsWith(`${this.#responses.folderName}/`)) continue
      this.#files.delete(file)
      await rm(path.join(path.dirname(this.#file), file), { force: true })
    }
  }
}

function textOf(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

function countOf(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}
