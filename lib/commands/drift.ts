import { systemClock } from '../core/clock'
import { messageOf } from '../core/message-of'
import { withScheme } from '../core/with-scheme'
import { askRelease, connect } from '../record/cluster-recorder'
import type { CheckedEntry } from '../record/drift'
import { checkDrift } from '../record/drift'
import { ConfigError } from '../server/config-error'
import type { Report, ReportName } from '../verify/reports'
import { REPORTS } from '../verify/reports'
import type { Outcome, Result } from '../verify/verify'
import { EXIT } from './exit-codes'

export interface DriftRun {
  catalogue: string
  url: string
  /** An `Authorization` header, or a token without its scheme. */
  token: string | undefined
  format: ReportName
  maxSeconds: number
}

/** Asks a cluster everything that a catalogue says, reports what is no longer true, and resolves with an exit code. */
export async function reportDrift(
  { catalogue, url, token, format, maxSeconds }: DriftRun,
  signal: AbortSignal,
): Promise<number> {
  const { line, end }: Report = REPORTS[format]
  const authorization = token === undefined ? undefined : withScheme('Bearer', token)
  const store = connect({ url, authorization }, systemClock)
  const results: Result[] = []
  const checked: CheckedEntry[] = []
  try {
    await askRelease(store)
    const options = { clock: systemClock, signal, maxQueryMs: maxSeconds * 1_000 }
    for await (const entry of checkDrift(catalogue, store, options)) {
      const result = resultOf(entry)
      checked.push(entry)
      results.push(result)
      if (line) process.stdout.write(line(result))
    }
  } catch (cause) {
    throw new ConfigError(messageOf(cause), { cause })
  } finally {
    await store.close()
  }
  process.stdout.write(end({ results, leftBehind: [] }))
  return exitCodeOf(checked)
}

function exitCodeOf(checked: readonly CheckedEntry[]): number {
  if (checked.some(({ outcome }) => outcome === 'changed')) return EXIT.failed
  const isAsked = checked.some(({ outcome }) => outcome === 'same')
  const isLeft = checked.some((entry) => entry.outcome === 'not asked' && entry.isFault)
  return isAsked && !isLeft ? EXIT.done : EXIT.notDone
}

/** An entry is a check whose source is the catalogue. */
function resultOf(entry: CheckedEntry): Result {
  const check = {
    name: `catalogue.${entry.query}`,
    level: 'must' as const,
    says: 'the server answers this query as the catalogue says',
    source: { page: 'submit' as const, line: 'columns, error and status' },
    ask: () => Promise.resolve(),
  }
  return { check, ms: entry.ms, ...outcomeOf(entry) }
}

function outcomeOf(entry: CheckedEntry): Outcome {
  switch (entry.outcome) {
    case 'same':
      return { outcome: 'passed' }
    case 'changed':
      return { outcome: 'failed', reason: entry.changes.join('; ').replace(/\s+/g, ' ') }
    case 'not asked':
      return { outcome: 'skipped', reason: entry.why }
  }
}
