import type { EntryFields } from '../catalogue/format'
import { readCatalogue } from '../catalogue/read-catalogue'
import type { Owner } from '../core/caller'
import type { Clock } from '../core/clock'
import { abbreviated, isQueryError, type QueryError } from '../core/errors'
import type { Column, QueryResult, StoredResult } from '../core/result'
import type { AsyncQuery } from '../core/store'
import { askedBy, readWritten } from './catalogue-file'
import { whyNoOutcome } from './outcome'
import type { RecordableStore } from './recording-store'

/** What a comparison of an entry with the cluster has shown. */
export type Drift =
  | { outcome: 'same' }
  | { outcome: 'changed'; changes: readonly string[] }
  /** `isFault`: it could have been asked. */
  | { outcome: 'not asked'; why: string; isFault: boolean }

/** An entry, and whether it is still true. */
export type CheckedEntry = Drift & { query: string; ms: number }

export interface DriftOptions {
  readonly clock: Clock
  /** Ends the run: what has not been asked is not asked. */
  readonly signal: AbortSignal
  /** How long one query may run, in milliseconds. */
  readonly maxQueryMs: number
}

type Recorded = QueryResult | QueryError

const OWNER = 'drift' as Owner

/** What this process could not delete is gone after this time. */
const KEEP_ALIVE_MS = 600_000

/** Asks every entry of a catalogue again, one at a time, and deletes what it has begun. Throws an error for a faulty file. */
export async function* checkDrift(
  file: string,
  store: RecordableStore,
  { clock, signal, maxQueryMs }: DriftOptions,
): AsyncGenerator<CheckedEntry> {
  const { entries } = readCatalogue(file)
  for (const [index, fields] of readWritten(file).entries.entries()) {
    const beganMs = clock.now()
    const drift = await checkEntry(fields, entries[index]?.outcomes ?? [], store, { signal, maxQueryMs })
    const query = abbreviated((fields.query ?? fields.pattern ?? '').trim().replace(/\s+/g, ' '))
    yield { query, ms: Math.round(clock.now() - beganMs), ...drift }
  }
}

async function checkEntry(
  fields: EntryFields,
  recorded: readonly Recorded[],
  store: RecordableStore,
  { signal, maxQueryMs }: Pick<DriftOptions, 'signal' | 'maxQueryMs'>,
): Promise<Drift> {
  const notAsked = (why: string, isFault = true): Drift => ({ outcome: 'not asked', why, isFault })
  const asked = askedBy(fields)
  if (!asked) return notAsked('it stands for many queries', false)
  if (fields.redacted) return notAsked('its params, filter or text are redacted', false)
  if (signal.aborted) return notAsked(String(signal.reason))
  let query: AsyncQuery | undefined
  try {
    query = await store.submit(asked, OWNER, {
      waitForCompletionTimeoutMs: maxQueryMs,
      keepAliveMs: KEEP_ALIVE_MS,
      keepOnCompletion: false,
      signal,
    })
    if (query.isRunning)
      return notAsked(
        signal.aborted ? String(signal.reason) : `it runs for more than ${maxQueryMs / 1_000} s`,
      )
    return compare(recorded, query.result)
  } catch (error) {
    const why = whyNoOutcome(error)
    return why === undefined ? compare(recorded, error as QueryError) : notAsked(why)
  } finally {
    if (query?.id !== undefined) await store.delete(query.id, OWNER).catch(() => false)
  }
}

/** Of several recorded answers, the one that is most like the present one counts. */
function compare(recorded: readonly Recorded[], present: StoredResult | QueryError): Drift {
  const [nearest = []] = recorded
    .map((one) => changesFrom(one, present))
    .sort((one, other) => one.length - other.length)
  return nearest.length === 0 ? { outcome: 'same' } : { outcome: 'changed', changes: nearest }
}

function changesFrom(recorded: Recorded, present: StoredResult | QueryError): string[] {
  if (!isQueryError(recorded)) {
    return isQueryError(present)
      ? [`it fails now, with ${present.status} ${present.type}: ${abbreviated(present.reason)}`]
      : columnChanges(recorded.columns, present.columns)
  }
  if (!isQueryError(present))
    return [`it does not fail any more, and did with ${recorded.status} ${recorded.type}`]
  return [
    ...(recorded.status === present.status
      ? []
      : [`the status is ${present.status}, and was ${recorded.status}`]),
    ...(recorded.type === present.type ? [] : [`the error is ${present.type}, and was ${recorded.type}`]),
  ]
}

function columnChanges(recorded: readonly Column[], present: readonly Column[]): string[] {
  const before = new Map(recorded.map(({ name, type }) => [name, type]))
  const now = new Map(present.map(({ name, type }) => [name, type]))
  const changes = [
    ...recorded.filter(({ name }) => !now.has(name)).map(({ name }) => `the column \`${name}\` is gone`),
    ...present
      .filter(({ name }) => !before.has(name))
      .map(({ name, type }) => `the column \`${name}\` is new, of type ${type}`),
    ...present
      .filter(({ name, type }) => (before.get(name) ?? type) !== type)
      .map(({ name, type }) => `the column \`${name}\` is of type ${type}, and was ${before.get(name)}`),
  ]
  const isMoved = changes.length === 0 && recorded.some(({ name }, index) => name !== present[index]?.name)
  return isMoved ? ['the columns stand in another order'] : changes
}
