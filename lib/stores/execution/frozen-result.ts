import { isPromise } from '../../core/is-promise'
import type {
  Column,
  QueryStatistics,
  RowBatches,
  Rows,
  StoredResult,
  Value,
  ValueObject,
} from '../../core/result'
import { isMultiValue, isValueObject } from '../../core/result'
import type { Work } from '../../core/turns'
import { inTurns, Line } from '../../core/turns'
import { admitColumns, admitFacts, markAdmitted, rowAdmission, rowsOf } from '../../formats/admission'
import { RowsWriter, WrittenRows } from '../../formats/json/written-rows'
import type { KeptResult } from './intake'
import { KeptRows } from './kept-rows'
import { ownText } from './own-text'
import { SharedColumns } from './shared-columns'
import { FIELDS_AT_ONCE, Weight } from './weight'

/** Results wait for each other, and not for the bodies that clients send. */
const RESULTS = new Line()

/** Bytes that are copied between two turns of the event loop: some milliseconds of work. */
const BYTES_PER_TURN = 200_000

/** Whether answers in JSON have the values of a query as {@link WrittenRows} have them. */
export function hasPlainRows(isColumnar: boolean, timeZone: string | undefined): boolean {
  return !isColumnar && timeZone === undefined
}

export interface FreezeOptions {
  /** Gets the size so far in each turn. If it throws, no more is copied. */
  assertRoom?: (bytes: number) => void
  /** Keeps rows as {@link WrittenRows} where that loses nothing: for readers that most often want JSON. */
  asJson?: boolean
}

/**
 * Checks, copies and freezes a result of an executor, and estimates its size in memory. Neither the executor nor a reader can change the copy,
 * and every writer can write it. Copies a large result in turns of the event loop.
 *
 * Throws a `TypeError` that says what is wrong with the result.
 */
export async function freezeResult(
  result: KeptResult,
  options: FreezeOptions = {},
): Promise<{ result: StoredResult; bytes: number }> {
  const freezer = new Freezer()
  const columns = columnsOf(result, freezer)
  const freezing = inTurns(freezeValues(result.values, columns, freezer, options), undefined, RESULTS)
  const values = isPromise(freezing) ? await freezing : freezing
  const { statistics, isPartial, tookNanos } = result
  const { profile, clusters, warnings, approximationApplied } = admitFacts(result)
  if (isPartial !== undefined && typeof isPartial !== 'boolean') {
    throw new TypeError('`isPartial` must be a boolean')
  }
  if (tookNanos !== undefined && !(Number.isFinite(tookNanos) && tookNanos >= 0)) {
    throw new TypeError('`tookNanos` must be a number of nanoseconds')
  }
  const frozen: StoredResult = {
    columns,
    values,
    ...(tookNanos !== undefined && { tookNanos }),
    ...(statistics && { statistics: freezeStatistics(statistics) }),
    ...(isPartial !== undefined && { isPartial }),
    ...(approximationApplied !== undefined && { approximationApplied }),
    ...(warnings && { warnings: freezer.freezeArray(warnings) }),
    ...(profile && { profile: freezer.freezeObject(profile) }),
    ...(clusters && { clusters: freezer.freezeObject(clusters) }),
    isFrozen: true,
  }
  markAdmitted(frozen)
  return { result: Object.freeze(frozen), bytes: freezer.weight.bytes }
}

/** Rows in chunks are checked and counted already, and written rows are checked. */
function* freezeValues(
  values: KeptResult['values'],
  columns: readonly Column[],
  freezer: Freezer,
  { assertRoom = () => {}, asJson = false }: FreezeOptions,
): Work<Rows | RowBatches> {
  if (values instanceof KeptRows) return values
  if (values instanceof WrittenRows && asJson) return weighed(values, freezer)
  // An executor that ignores a stop may add rows between the turns.
  const rows = values instanceof WrittenRows ? [...values.batches()].flat() : [...rowsOf(values)]
  const written = asJson ? yield* writeRows(rows, columns, assertRoom) : undefined
  return written ? weighed(written, freezer) : yield* freezeRows(rows, columns, freezer, assertRoom)
}

function weighed(rows: WrittenRows, { weight }: Freezer): WrittenRows {
  weight.bytes += rows.bytes
  return rows
}

/** Returns `undefined` where there are no rows, or values that JSON has not. */
function* writeRows(
  rows: Rows,
  columns: readonly Column[],
  assertRoom: (bytes: number) => void,
): Work<WrittenRows | undefined> {
  const admit = rowAdmission(columns)
  const writer = new RowsWriter(columns)
  for (const row of rows) {
    writer.add(admit(row, writer.rowCount))
    if (!writer.isChunkDue) continue
    if (!writer.endChunk()) return undefined
    assertRoom(writer.bytes)
    yield
  }
  return writer.rowCount > 0 && writer.endChunk() ? writer.rows() : undefined
}

function* freezeRows(
  rows: readonly unknown[],
  columns: readonly Column[],
  freezer: Freezer,
  assertRoom: (bytes: number) => void,
): Work<Rows> {
  const frozen: (readonly Value[])[] = []
  const admit = rowAdmission(columns)
  freezer.weight.addArray(rows.length)
  let bytesAtNextTurn = BYTES_PER_TURN
  for (const row of rows) {
    frozen.push(freezer.freezeArray(admit(row, frozen.length)))
    if (freezer.weight.bytes >= bytesAtNextTurn) {
      assertRoom(freezer.weight.bytes)
      yield
      bytesAtNextTurn = freezer.weight.bytes + BYTES_PER_TURN
    }
  }
  // A list that has grown has room for more.
  return Object.freeze(frozen.slice())
}

const SHARED = new SharedColumns()

/** The frozen columns of a result. Each result counts them, since it may be the last that has them. */
function columnsOf(result: KeptResult, freezer: Freezer): readonly Column[] {
  const { weight } = freezer
  const given = result?.columns
  const known = SHARED.find(given)
  if (known) {
    weight.bytes += known.bytes
    return known.columns
  }
  const before = weight.bytes
  const columns = freezeColumns(admitColumns(given), freezer)
  SHARED.add({ columns, bytes: weight.bytes - before }, given)
  return columns
}

function freezeColumns(columns: readonly Column[], freezer: Freezer): readonly Column[] {
  freezer.weight.addArray(columns.length)
  return Object.freeze(columns.map((column) => freezeColumn(column, freezer)))
}

/** Hardly any column has more than a name and a type, and each query has columns. */
function freezeColumn(column: Column, freezer: Freezer): Column {
  const { name, type, originalTypes, suggestedCast, meta } = column
  if (originalTypes || suggestedCast !== undefined || meta) return freezer.freezeObject({ ...column })
  freezer.weight.addFieldsWithin()
  return Object.freeze({ name: freezer.freezeText(name), type: freezer.freezeText(type) })
}

const COUNTERS = [
  'documentsFound',
  'valuesLoaded',
  'rowsEmitted',
  'bytesRead',
  'readNanos',
  'cpuNanos',
] as const satisfies readonly (keyof QueryStatistics)[]

/** Copies the counters that the executor gives. A counter that nobody has counted is none. */
function freezeStatistics(statistics: QueryStatistics): QueryStatistics {
  const frozen: QueryStatistics = {}
  for (const name of COUNTERS) {
    const count = statistics[name] ?? undefined
    if (count === undefined) continue
    if (!Number.isFinite(count)) throw new TypeError(`\`statistics.${name}\` must be a finite number`)
    frozen[name] = count
  }
  return Object.freeze(frozen)
}

/** Copies values frozen, and sums up their estimated sizes. A copy keeps nothing alive of what it was made from. */
export class Freezer {
  readonly weight = new Weight(FIELDS_AT_ONCE)

  freeze(value: Value): Value {
    if (typeof value === 'string') return this.freezeText(value)
    if (isMultiValue(value)) return this.freezeArray(value)
    // A frozen `Date` still has setters that work.
    if (value instanceof Date) return this.freezeText(value.toISOString())
    if (isValueObject(value)) return this.freezeObject(value)
    // What is left cannot change, and keeps nothing else alive.
    this.weight.add(value)
    return value
  }

  freezeText<Text extends string>(text: Text): Text {
    this.weight.addText(text)
    return ownText(text)
  }

  freezeArray<Item extends Value>(values: readonly Item[]): readonly Item[] {
    this.weight.addArray(values.length)
    const frozen = new Array<Value>(values.length)
    for (let index = 0; index < values.length; index += 1) frozen[index] = this.freeze(values[index] ?? null)
    return Object.freeze(frozen) as readonly Item[]
  }

  freezeObject<Fields extends ValueObject>(object: Fields): Fields {
    const frozen: [string, Value][] = []
    for (const [name, value] of Object.entries(object)) {
      if (value !== undefined) frozen.push([name, this.freeze(value)])
    }
    this.weight.addObject(frozen.map(([name]) => name))
    return Object.freeze(Object.fromEntries(frozen)) as Fields
  }
}
