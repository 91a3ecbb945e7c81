import type { Value } from '../../core/result'
import { isMultiValue } from '../../core/result'
import type { CellRule, Scalar } from '../cells/cell'
import { cellValue, isMany } from '../cells/cell'
import { writeTree } from '../document/tree'
import type { TableColumn } from '../document/values'
import { isPlainDouble, JsonSink, jsonDouble, jsonFloat, jsonText } from './json-sink'

/** Stands for a cell that is filled in later. Hardly any text consists of this one character. */
const MARK = '\u007f'

/**
 * Rows, or cells of one column, that one call of `JSON.stringify` writes, with a mark in place of each cell that JavaScript
 * spells differently from Java.
 */
export class JsonBatch {
  /** About how long the JSON will be. */
  length = 0
  /** Whether `JSON.parse` makes the same values of the JSON. */
  isExact = true
  readonly #items: unknown[] = []
  /** The JSON of the cells that are marked, in their order. */
  readonly #marked: string[] = []

  /** Most rows can be passed on as they are, without a copy. */
  addRow(columns: readonly TableColumn[], row: readonly Value[]): void {
    let plain: unknown[] | undefined = columns.length === row.length ? undefined : []
    // Even without cells, a row has brackets and takes time.
    let length = 8
    for (let position = 0; position < columns.length; position++) {
      const { index, rule } = columns[position] as TableColumn
      const cell = row[index]
      length += typeof cell === 'string' ? 8 + cell.length : 8
      const value = isPlain(rule.kind, cell) ? cell : this.#other(rule, cell)
      if (plain === undefined && value !== cell) plain = [...row]
      if (plain !== undefined) plain[position] = value
    }
    this.length += length
    this.#items.push(plain ?? row)
  }

  addCell(rule: CellRule, cell: Value | undefined): void {
    this.length += typeof cell === 'string' ? 8 + cell.length : 8
    this.#items.push(isPlain(rule.kind, cell) ? cell : this.#other(rule, cell))
  }

  /** The items with commas between them. `undefined` where a text cannot be told from a mark. */
  json(): string | undefined {
    const text = jsonText(this.#items).slice(1, -1)
    if (this.#marked.length === 0) return text
    const [first = '', ...others] = text.split(`"${MARK}"`)
    if (others.length !== this.#marked.length) return undefined
    let json = first
    for (const [index, other] of others.entries()) json += this.#marked[index] + other
    return json
  }

  /** What `JSON.stringify` is to write in place of a cell. */
  #other(rule: CellRule, cell: Value | undefined): unknown {
    // Most stores hand dates over as text.
    if (rule.kind === 'string' && typeof cell === 'string') return this.#read(rule, cell)
    if (!isMultiValue(cell)) return this.#plain(rule, cell)
    let isAllPlain = cell.length > 1
    for (const value of cell) {
      this.length += typeof value === 'string' ? 8 + value.length : 8
      isAllPlain &&= isPlain(rule.kind, value)
    }
    return isAllPlain ? cell : this.#plain(rule, cell)
  }

  #plain(rule: CellRule, cell: Value | undefined): unknown {
    const value = cellValue(cell)
    if (value === null || rule.kind === 'null') return null
    return isMany(value) ? value.map((scalar) => this.#scalar(rule, scalar)) : this.#scalar(rule, value)
  }

  #scalar(rule: CellRule, value: Scalar): unknown {
    switch (rule.kind) {
      case 'integer':
        return typeof value === 'number' ? value : this.#inexact(String(value))
      case 'double':
        return this.#double(value as number)
      case 'float':
        return this.#inexact(jsonFloat(value as number))
      case 'string':
        return this.#read(rule, value)
      case 'tree': {
        const sink = new JsonSink()
        writeTree(sink, value, rule.doubles)
        return this.#inexact(String(sink.take()))
      }
      default:
        return value
    }
  }

  #double(value: number): unknown {
    if (isPlainDouble(value)) return value
    const json = jsonDouble(value)
    return Number.isFinite(value) ? this.#mark(json) : this.#inexact(json)
  }

  #read({ read }: CellRule & { kind: 'string' }, value: Scalar): string {
    const text = read(value)
    if (text !== value) this.isExact = false
    return text
  }

  #inexact(json: string): string {
    this.isExact = false
    return this.#mark(json)
  }

  #mark(json: string): string {
    this.length += json.length
    this.#marked.push(json)
    return MARK
  }
}

/** Whether `JSON.stringify` writes a value as Elasticsearch does. */
function isPlain(kind: CellRule['kind'], value: Value | undefined): boolean {
  switch (kind) {
    case 'text':
      return typeof value === 'string'
    case 'integer':
      return Number.isSafeInteger(value)
    case 'double':
      return typeof value === 'number' && isPlainDouble(value)
    case 'boolean':
      return typeof value === 'boolean'
    default:
      return false
  }
}
