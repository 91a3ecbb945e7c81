import '../core/supported-node'

export type { Clock } from '../core/clock'
export { QueryError } from '../core/errors'
export { JsonText } from '../core/json-text'
export type {
  RecordedEntry,
  RedactEntry,
  Redaction,
  RedactionRules,
  RedactionTools,
} from '../record/redaction'
export type { ColumnRule } from '../record/stand-ins'
export { ManualClock } from '../test-kit/manual-clock'
export type { Double } from './double'
export { startDouble } from './double'
export type { Fault, FaultOptions } from './faults/fault'
export type { FaultAnswer } from './faults/faults'
export {
  answer,
  badGateway,
  cut,
  delay,
  expiredToken,
  garbage,
  lose,
  notElasticsearch,
  rateLimited,
  reset,
  silence,
  slow,
  stall,
  unavailable,
} from './faults/faults'
export type { JournalEntry, JournalFilter } from './journal-entry'
export type { DoubleOperation } from './operations'
export type { DoubleLimits, DoubleOptions } from './options'
export type { RunningDouble } from './queries/running-double'
export type { RecordOptions } from './record-options'
export type { Script } from './scripts/script'
export type { Params } from './scripts/script-book'
export type { RowsOrTable } from './scripts/table'
