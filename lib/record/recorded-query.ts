import path from 'node:path'
import type { EntryFields } from '../catalogue/format'
import { RESPONSE } from '../catalogue/format'
import type { Asked } from '../catalogue/matching'
import { sentParams } from '../catalogue/matching'
import { checkRows, readResponse } from '../catalogue/read-response'
import { isQueryError } from '../core/errors'
import type { Rows, ValueObject } from '../core/result'
import { isValueObject } from '../core/result'
import { withoutMissing } from '../core/without-missing'
import { parseAnswer } from '../json/parse'
import { layout } from './layout'
import type { RecordedResponse } from './response-text'
import { signatureOf, signatureOfFile } from './response-text'

/** What one time that a query was asked has come to. */
export interface Outcome {
  /** The question is not recorded as it was asked. */
  readonly isRedacted: boolean
  /** Grows with the time of the submit. */
  readonly order: number
  readonly response: RecordedResponse
  readonly isFailure: boolean
  /** The query was stopped: these are the rows that a stop keeps. */
  readonly isStopped: boolean
  /** How long a query ran that a client has seen running. */
  readonly delayMs: number | undefined
}

/** Everything that a recording has learned about one question. */
export class RecordedQuery {
  readonly #asked: Asked
  readonly #outcomes: Outcome[] = []
  /** Of the outcomes so far. */
  #entry: EntryFields | undefined

  constructor(asked: Asked) {
    this.#asked = asked
  }

  add(outcome: Outcome): void {
    this.#entry = undefined
    this.#outcomes.push(outcome)
    this.#outcomes.sort((one, other) => one.order - other.order)
  }

  get isFailure(): boolean {
    return this.#shown.at(-1)?.isFailure === true
  }

  /** The files that its responses are in. */
  get files(): string[] {
    return this.#outcomes.flatMap(({ response: { file } }) => file ?? [])
  }

  /**
   * Its entry. One that stands in the catalogue stays as it is while its answers are the same: times alone are no news.
   * `repeats`: whether each time that it was asked counts, or the last one alone.
   */
  async entry(old: EntryFields | undefined, repeats: 'all' | 'last', folder: string): Promise<EntryFields> {
    if (!this.#entry || this.#entry !== old) this.#entry = await this.#compose(old, repeats, folder)
    return this.#entry
  }

  async #compose(
    old: EntryFields | undefined,
    repeats: 'all' | 'last',
    folder: string,
  ): Promise<EntryFields> {
    const shown = this.#shown
    const outcomes = repeats === 'all' ? withoutEqualEnd(shown) : shown.slice(-1)
    const partial = this.#partialRows ?? keptPartial(old, outcomes)
    const isRedacted = this.#outcomes.some((outcome) => outcome.isRedacted)
    const isSame =
      old !== undefined &&
      (old.redacted ?? false) === isRedacted &&
      equal(
        await signaturesOf(old, folder),
        outcomes.map(({ response }) => response.signature),
      ) &&
      equal(old.partial_values ?? [], partial)
    if (isSame) return old
    const { query, params = [], filter, locale, timeZone } = this.#asked
    const { shows, keep_alive } = old ?? {}
    const delayMs = outcomes.find((outcome) => outcome.delayMs !== undefined)?.delayMs
    return withoutMissing({
      query,
      params: params.length > 0 ? sentParams(params) : undefined,
      filter,
      locale,
      time_zone: timeZone,
      redacted: isRedacted || undefined,
      shows,
      delay: delayMs === undefined ? undefined : `${Math.round(delayMs)}ms`,
      keep_alive,
      partial_values: partial.length > 0 ? partial : undefined,
      ...responsesOf(outcomes),
    }) as EntryFields
  }

  /** A query that was stopped has not come to its end, unless there is nothing else. */
  get #shown(): readonly Outcome[] {
    const ended = this.#outcomes.filter(({ isStopped }) => !isStopped)
    return ended.length > 0 ? ended : this.#outcomes.slice(-1)
  }

  get #partialRows(): Rows | undefined {
    const { response } = this.#outcomes.findLast(({ isStopped }) => isStopped) ?? {}
    const rows = response && rowsIn(response)
    return rows && suits(rows, this.#shown) ? rows : undefined
  }
}

/** The rows that a stop kept at an earlier recording, if they fit still. */
function keptPartial(old: EntryFields | undefined, outcomes: readonly Outcome[]): Rows {
  const rows = (old?.partial_values ?? []) as Rows
  return old?.columnar !== true && suits(rows, outcomes) ? rows : []
}

/** Whether rows fit the columns of the first result. They cannot stand with failures alone, nor beside a result in a file. */
function suits(rows: Rows, outcomes: readonly Outcome[]): boolean {
  const first = outcomes.find(({ isFailure }) => !isFailure)?.response
  if (first?.text === undefined) return rows.length === 0
  try {
    const result = readResponse(RESPONSE.read(bodyOf(first.text), ''), '', false)
    if (!isQueryError(result)) checkRows(rows, result.columns, '')
    return true
  } catch {
    return false
  }
}

function rowsIn({ text }: RecordedResponse): Rows | undefined {
  return text === undefined ? undefined : (bodyOf(text).values as Rows)
}

function bodyOf(text: string): ValueObject {
  const value = parseAnswer(text)?.value
  return isValueObject(value) ? value : {}
}

function responsesOf(outcomes: readonly Outcome[]): ValueObject {
  const bodies = outcomes.map(({ response: { text, file } }) =>
    file === undefined ? bodyOf(text ?? '') : { response_file: file },
  )
  const [only = {}] = bodies
  if (bodies.length > 1) return { responses: bodies }
  return 'response_file' in only ? only : { response: only }
}

/** The last answer stays, so equal ones at the end are one. */
function withoutEqualEnd(outcomes: readonly Outcome[]): readonly Outcome[] {
  const last = outcomes.at(-1)?.response.signature
  const end = outcomes.findLastIndex(({ response }) => response.signature !== last)
  return outcomes.slice(0, end + 2)
}

async function signaturesOf(
  { response, responses = [], response_file: file }: EntryFields,
  folder: string,
): Promise<(string | undefined)[]> {
  const bodies = response === undefined ? responses : [response]
  const all = file === undefined ? bodies : [{ response_file: file }]
  return Promise.all(
    all.map((body) => {
      const { response_file: name, ...others } = body as ValueObject
      return typeof name === 'string' ? signatureOfFile(path.join(folder, name)) : signatureOf(layout(others))
    }),
  )
}

function equal(one: readonly unknown[], other: readonly unknown[]): boolean {
  return layout({ values: one as Rows }) === layout({ values: other as Rows })
}
