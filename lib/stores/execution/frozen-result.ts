import type { Column, QueryStatistics, Rows, StoredResult, Value, ValueObject } from '../../core/result'
import { isMultiValue, isValueObject } from '../../core/result'
import { nextTurn } from '../../core/turns'
import { admitColumns, admitFacts, markAdmitted, rowAdmission, rowsOf } from '../../formats/admission'
import type { KeptResult } from './intake'
import { KeptRows } from './kept-rows'
import { ownText } from './own-text'
import { FIELDS_AT_ONCE, Weight } from './weight'

/** Bytes that are copied between two turns of the event loop: some milliseconds of work. */
const BYTES_PER_TURN = 200_000

/**
 * Checks, copies and freezes a result of an executor, and estimates its size in memory. Neither the executor nor a reader can change the copy,
 * and every writer can write it. Copies a large result in turns of the event loop, and calls `assertRoom` with the size
 * so far in each: if that throws, copies no more.
 *
 * Throws a `TypeError` that says what is wrong with the result.
 */
export async function freezeResult(
  result: KeptResult,
  assertRoom: (bytes: number) => void = () => {},
): Promise<{ result: StoredResult; bytes: number }> {
  const freezer = new Freezer()
  const columns = freezeColumns(admitColumns(result?.columns), freezer)
  const values = await freezeValues(result.values, columns, freezer, assertRoom)
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

/** Rows in chunks are checked and counted already. */
async function freezeValues(
  values: Rows | KeptRows,
  ...context: [readonly Column[], Freezer, (bytes: number) => void]
): Promise<Rows | KeptRows> {
  if (values instanceof KeptRows) return values
  // An executor that ignores a stop may add rows between the turns.
  return freezeRows([...rowsOf(values)], ...context)
}

async function freezeRows(
  rows: readonly unknown[],
  columns: readonly Column[],
  freezer: Freezer,
  assertRoom: (bytes: number) => void,
): Promise<Rows> {
  const frozen: (readonly Value[])[] = []
  const admit = rowAdmission(columns)
  freezer.weight.addArray(rows.length)
  let bytesAtNextTurn = BYTES_PER_TURN
  for (const row of rows) {
    frozen.push(freezer.freezeArray(admit(row, frozen.length)))
    if (freezer.weight.bytes >= bytesAtNextTurn) {
      assertRoom(freezer.weight.bytes)
      await nextTurn()
      bytesAtNextTurn = freezer.weight.bytes + BYTES_PER_TURN
    }
  }
  // A list that has grown has room for more.
  return Object.freeze(frozen.slice())
}

function freezeColumns(columns: readonly Column[], freezer: Freezer): readonly Column[] {
  freezer.weight.addArray(columns.length)
  return Object.freeze(columns.map((column) => freezer.freezeObject({ ...column })))
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

  freezeText(text: string): string {
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
