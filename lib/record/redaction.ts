import type { Asked } from '../catalogue/matching'
import { paramsOf, sentParams } from '../catalogue/matching'
import { closest } from '../core/did-you-mean'
import { isObject } from '../core/is-object'
import type { Column, Rows, Value, ValueObject } from '../core/result'
import { changedAsValues } from './spellings'
import type { ColumnRule } from './stand-ins'
import { COLUMN_RULES, hashOf, standIn } from './stand-ins'

/** What a recording says about one query. */
export interface RecordedEntry {
  query: string
  /** As the client has sent them: values, or objects with one name each. Left out: none. */
  params?: readonly Value[]
  filter?: ValueObject
  /** The body of the answer: `columns` and `values`, or `error`. Left out when only the question is redacted. */
  response?: ValueObject
}

/** What redactions may use. */
export interface RedactionTools {
  /** A text that is the same for the same text in one catalogue. Columns with `'hash'` have it too. */
  hash(text: string): string
}

/**
 * Changes an entry before anything is written. It is called for each question, also at replay, so it must change equal questions
 * equally. Then it is called for the response, in batches of rows if there are many, and only `response` of that counts.
 */
export type RedactEntry = (entry: RecordedEntry, tools: RedactionTools) => RecordedEntry

/** What must not be in a recording, by where it stands. */
export interface RedactionRules {
  /** By the name of a column, in which `*` stands for any text. The first that fits counts. */
  columns?: Readonly<Record<string, ColumnRule>>
  /** Called at replay too, so that what is asked there fits what is recorded. */
  params?: (params: readonly Value[], tools: RedactionTools) => readonly Value[]
  /** Called after the others. */
  entry?: RedactEntry
}

/** What must not be in a recording. A function is the `entry` of the rules. */
export type Redaction = RedactEntry | RedactionRules

const RULES = ['columns', 'params', 'entry']

/** Throws a `TypeError` that says what is wrong. */
export function checkRedaction(redaction: unknown): asserts redaction is Redaction {
  if (typeof redaction === 'function') return
  if (!isObject(redaction)) {
    throw new TypeError(
      'a redaction must be a function, or an object with some of `columns`, `params` and `entry`',
    )
  }
  for (const [name, rule] of Object.entries(redaction)) {
    if (!RULES.includes(name))
      throw new TypeError(`a redaction does not know \`${name}\`; known are: ${RULES.join(', ')}`)
    if (name !== 'columns' && rule !== undefined && typeof rule !== 'function') {
      throw new TypeError(`\`${name}\` of a redaction must be a function`)
    }
  }
  const { columns = {} } = redaction as { columns?: unknown }
  if (!isObject(columns))
    throw new TypeError('`columns` of a redaction must be an object of rules by their column')
  for (const [name, rule] of Object.entries(columns)) {
    if (COLUMN_RULES.some((known) => known === rule)) continue
    const [suggestion] = closest(String(rule), COLUMN_RULES)
    const hint = suggestion ? `; did you mean '${suggestion}'?` : ''
    throw new TypeError(`\`columns\` of a redaction: \`${name}\` must be 'mask', 'hash' or 'null'${hint}`)
  }
}

/** Takes out of questions and responses what must not be recorded. */
export class Redactor {
  readonly #salt: string
  readonly #columns: readonly { pattern: RegExp; rule: ColumnRule }[]
  readonly #params: NonNullable<RedactionRules['params']>
  readonly #entry: RedactEntry | undefined
  readonly #tools: RedactionTools
  /** Whether there is nothing to redact. */
  readonly isIdle: boolean

  /** `salt` is that of the file. */
  constructor(redaction: Redaction | undefined, salt: string) {
    const {
      columns = {},
      params,
      entry,
    } = typeof redaction === 'function' ? { entry: redaction } : (redaction ?? {})
    this.#salt = salt
    this.#columns = Object.entries(columns).map(([name, rule]) => ({ pattern: patternOf(name), rule }))
    this.#params = params ?? ((given) => given)
    this.#entry = entry
    this.#tools = { hash: (text) => hashOf(text, salt) }
    this.isIdle = redaction === undefined
  }

  /** The part of a request that says which query it is, as it is recorded. */
  question(asked: Asked): Asked {
    if (this.isIdle) return asked
    const { query, params = [], filter: _, ...others } = asked
    const { filter } = asked
    const sent = params.length === 0 ? [] : this.#params(sentParams(params), this.#tools)
    const redacted = this.#redacted(entryOf(query, sent, filter))
    const { params: left = [] } = redacted
    return {
      ...others,
      query: redacted.query,
      params: paramsOf(left),
      ...(redacted.filter && { filter: redacted.filter }),
    }
  }

  /** The rules for cells, in the order of the columns. `undefined`: the cells stay. */
  cellRules(columns: readonly Column[]): ((cell: Value) => Value)[] | undefined {
    const rules = columns.map(({ name, type }) => {
      const rule = this.#columns.find(({ pattern }) => pattern.test(name))?.rule
      return rule && standIn(rule, type, this.#salt)
    })
    return rules.some((rule) => rule) ? rules.map((rule) => rule ?? ((cell) => cell)) : undefined
  }

  /** A response, or a batch of it, as it is recorded. */
  response({ query, params = [], filter }: Asked, response: ValueObject): ValueObject {
    if (!this.#entry) return response
    const entry = entryOf(query, sentParams(params), filter)
    return changedAsValues(
      response,
      (values) => this.#redacted({ ...entry, response: values }).response ?? values,
    )
  }

  #redacted(entry: RecordedEntry): RecordedEntry {
    const redacted = this.#entry ? this.#entry(entry, this.#tools) : entry
    assertEntry(redacted)
    return redacted
  }
}

function entryOf(query: string, params: readonly Value[], filter: ValueObject | undefined): RecordedEntry {
  return { query, ...(params.length > 0 && { params }), ...(filter && { filter }) }
}

/** What a catalogue could not have would make the whole file unreadable. */
function assertEntry(entry: unknown): asserts entry is RecordedEntry {
  const { query, filter = {} } = isObject(entry) ? entry : {}
  if (typeof query !== 'string' || query === '') {
    throw new TypeError('the `entry` of a redaction must return an entry at once, with its `query`')
  }
  if (!isObject(filter)) throw new TypeError('the `entry` of a redaction must leave `filter` an object')
}

function patternOf(name: string): RegExp {
  const parts = name.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`, 's')
}

/** Rows with other cells. */
export function withRules(rows: Rows, rules: readonly ((cell: Value) => Value)[]): Rows {
  return rows.map((row) => row.map((cell, index) => rules[index]?.(cell) ?? null))
}
