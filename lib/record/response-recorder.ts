import path from 'node:path'
import { RESPONSE } from '../catalogue/format'
import type { Asked } from '../catalogue/matching'
import { checkRows, readResponse } from '../catalogue/read-response'
import type { QueryError } from '../core/errors'
import { isQueryError } from '../core/errors'
import type { Column, Rows, Value, ValueObject } from '../core/result'
import { batchesOf, isMultiValue } from '../core/result'
import type { CompletedQuery } from '../core/store'
import { nextTurn } from '../core/turns'
import { layout } from './layout'
import { errorBody, headOf } from './outcome'
import type { Redactor } from './redaction'
import { withRules } from './redaction'
import type { RecordedResponse } from './response-text'
import { ResponseWriter, signatureOf } from './response-text'
import type { Scrubber } from './scrubber'

/** Rows that are redacted and written at once. */
const ROWS_PER_TURN = 500

/** A question as the client has asked it and as it is recorded, with the texts that must not show in answers. */
export interface Questioned {
  readonly asked: Asked
  readonly recorded: Asked
  readonly ids: readonly string[]
}

/** A response, and whether rows are missing that the query has found. */
export interface TakenResponse extends RecordedResponse {
  readonly rowCount: number
  readonly isCut: boolean
}

/** Makes of what a query has come to what is recorded: redacted, scrubbed, checked, and written down row by row. */
export class ResponseRecorder {
  readonly #redactor: Redactor
  readonly #scrubber: Scrubber
  readonly #folder: string
  readonly #maxRows: number

  constructor(file: string, redactor: Redactor, scrubber: Scrubber, maxRows: number) {
    this.#redactor = redactor
    this.#scrubber = scrubber
    this.#folder = path.join(path.dirname(file), `${path.basename(file, '.json')}.responses`)
    this.#maxRows = maxRows
  }

  /** Of the folder of files, beside the catalogue. */
  get folderName(): string {
    return path.basename(this.#folder)
  }

  /** Rejects if the catalogue could not have the response. */
  async result(question: Questioned, query: CompletedQuery): Promise<TakenResponse> {
    const writer = new ResponseWriter(this.#folder)
    try {
      return await this.#write(writer, question, query)
    } catch (error) {
      await writer.discard()
      throw error
    }
  }

  failure({ recorded, ids }: Questioned, error: QueryError): TakenResponse {
    const body = this.#scrubber.object(errorBody(error), ids)
    const redacted = this.#redactor.response(recorded, body)
    if (!isQueryError(readResponse(RESPONSE.read(redacted, 'the response'), 'the response', false))) {
      throw new TypeError('the `entry` of a redaction must not make a result of an error')
    }
    const text = layout(redacted)
    return { text, signature: signatureOf(text), rowCount: 0, isCut: false }
  }

  async #write(writer: ResponseWriter, question: Questioned, query: CompletedQuery): Promise<TakenResponse> {
    const { columns: found, values, warnings = [] } = query.result
    const rules = this.#redactor.cellRules(found)
    const redact = (rows: Rows, head: ValueObject): Result => {
      const given = { ...head, values: rules ? withRules(rows, rules) : rows }
      return readResult(this.#redactor.response(question.recorded, given))
    }
    let columns: readonly Column[] | undefined
    let rowCount = 0
    let isCut = false
    let shown = warnings
    for await (const rows of slicesOf(values)) {
      const room = this.#maxRows - rowCount
      isCut ||= rows.length > room
      if (rules) this.#rememberRows(rows, rules)
      if (columns && room <= 0) continue
      const {
        head,
        result,
        rows: redacted,
      } = redact(rows.slice(0, room), {
        ...headOf(query),
        ...(shown.length > 0 && { warnings: shown }),
      })
      if (!columns) {
        const { warnings: left = [], ...others } = head
        shown = (left as readonly Value[]).map(String)
        await writer.begin(others)
        columns = result
      }
      checkRows(redacted, columns, 'values')
      await writer.add(redacted)
      rowCount += redacted.length
    }
    const texts = shown.map((text) => this.#scrubber.warning(text, question.ids, rules !== undefined))
    const taken = await writer.end(texts.length > 0 ? { warnings: texts } : {})
    return { ...taken, rowCount, isCut }
  }

  #rememberRows(rows: Rows, rules: readonly ((cell: Value) => Value)[]): void {
    for (const row of rows)
      for (const [index, cell] of row.entries())
        if (rules[index]?.(cell) !== cell) this.#scrubber.remember(cell)
  }
}

interface Result {
  head: ValueObject
  result: readonly Column[]
  rows: Rows
}

/** A response that a redaction may have changed. */
function readResult(response: ValueObject): Result {
  const { values, ...head } = response
  const read = readResponse(RESPONSE.read({ ...head, values: [] }, 'the response'), 'the response', false)
  if (isQueryError(read) || !isMultiValue(values) || !values.every(isMultiValue)) {
    throw new TypeError('the `entry` of a redaction must leave a result its `columns` and `values`')
  }
  return { head, result: read.columns, rows: values as Rows }
}

/** The rows, some at a time and at least once, so that other requests get their turns. */
async function* slicesOf(values: CompletedQuery['result']['values']): AsyncGenerator<Rows> {
  let isFirst = true
  for (const batch of batchesOf(values)) {
    const rows = await batch
    for (let start = 0; start < rows.length || isFirst; start += ROWS_PER_TURN) {
      if (!isFirst) await nextTurn()
      isFirst = false
      yield rows.slice(start, start + ROWS_PER_TURN)
    }
  }
  if (isFirst) yield []
}
