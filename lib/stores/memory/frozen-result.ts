import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Column, QueryResult, QueryStatistics, Value, ValueObject } from '../../core/result'
import { isMultiValue } from '../../core/result'
import { admitColumns, admitObjects, markAdmitted, rowAdmission, rowsOf } from '../../formats/admission'

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
  result: QueryResult,
  assertRoom: (bytes: number) => void = () => {},
): Promise<{ result: QueryResult; bytes: number }> {
  const freezer = new Freezer()
  const columns = freezeColumns(admitColumns(result?.columns), freezer)
  // An executor that ignores a stop may add rows between the turns.
  const values = await freezeRows([...rowsOf(result)], columns, freezer, assertRoom)
  const { statistics, isPartial } = result
  const { profile, clusters } = admitObjects(result)
  if (isPartial !== undefined && typeof isPartial !== 'boolean') {
    throw new TypeError('`isPartial` must be a boolean')
  }
  const frozen: QueryResult = {
    columns,
    values,
    statistics: freezeStatistics(statistics, values.length),
    ...(isPartial !== undefined && { isPartial }),
    ...(profile && { profile: freezer.freezeObject(profile) }),
    ...(clusters && { clusters: freezer.freezeObject(clusters) }),
    isFrozen: true,
  }
  markAdmitted(frozen)
  return { result: Object.freeze(frozen), bytes: freezer.bytes }
}

async function freezeRows(
  rows: readonly unknown[],
  columns: readonly Column[],
  freezer: Freezer,
  assertRoom: (bytes: number) => void,
): Promise<QueryResult['values']> {
  const frozen: (readonly Value[])[] = []
  const admit = rowAdmission(columns)
  let bytesAtNextTurn = BYTES_PER_TURN
  for (const row of rows) {
    frozen.push(freezer.freezeArray(admit(row, frozen.length)))
    if (freezer.bytes >= bytesAtNextTurn) {
      assertRoom(freezer.bytes)
      await nextTurn()
      bytesAtNextTurn = freezer.bytes + BYTES_PER_TURN
    }
  }
  return Object.freeze(frozen)
}

function freezeColumns(columns: readonly Column[], freezer: Freezer): readonly Column[] {
  for (const column of columns) {
    freezer.freeze({ ...column })
    Object.freeze(column.originalTypes)
    Object.freeze(column)
  }
  return Object.freeze(columns)
}

function freezeStatistics(statistics: QueryStatistics | undefined, rowsEmitted: number): QueryStatistics {
  const counters = {
    documentsFound: 0,
    valuesLoaded: 0,
    rowsEmitted,
    bytesRead: 0,
    readNanos: 0,
    cpuNanos: 0,
  }
  for (const [name, fallback] of Object.entries(counters)) {
    const count: unknown = Reflect.get(statistics ?? {}, name) ?? fallback
    if (!Number.isFinite(count)) throw new TypeError(`\`statistics.${name}\` must be a finite number`)
    Reflect.set(counters, name, count)
  }
  return Object.freeze(counters)
}

/** Estimates how many bytes V8 uses for a value. */
export function weigh(value: unknown): number {
  const freezer = new Freezer()
  freezer.freeze(value as Value)
  return freezer.bytes
}

/** Copies values frozen, and sums up their estimated sizes. */
class Freezer {
  bytes = 0

  freeze(value: Value): Value {
    switch (typeof value) {
      case 'string':
        this.bytes += 24 + value.length
        return value
      case 'object':
        if (value === null) break
        if (isMultiValue(value)) return this.freezeArray(value)
        // A frozen `Date` still has setters that work.
        if (value instanceof Date) return this.freeze(value.toISOString())
        return this.freezeObject(value)
      case 'number':
      case 'boolean':
        break
      case 'bigint':
        this.bytes += 24
        break
      default:
        throw new TypeError(`A cell cannot be a value of type ${typeof value}`)
    }
    this.bytes += 8
    return value
  }

  freezeArray(values: readonly Value[]): readonly Value[] {
    this.bytes += 32
    const frozen = new Array<Value>(values.length)
    for (let index = 0; index < values.length; index += 1) frozen[index] = this.freeze(values[index] ?? null)
    return Object.freeze(frozen)
  }

  freezeObject(object: ValueObject): ValueObject {
    this.bytes += 32
    const frozen: [string, Value][] = []
    for (const [key, value] of Object.entries(object)) {
      if (value === undefined) continue
      this.bytes += 24 + key.length
      frozen.push([key, this.freeze(value)])
    }
    return Object.freeze(Object.fromEntries(frozen))
  }
}
