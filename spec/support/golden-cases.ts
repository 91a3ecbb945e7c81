import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Column, QueryStatistics, Value } from '../../lib/core/result'
import type { AsyncQuery } from '../../lib/core/store'
import type { Presentation } from '../../lib/formats/writer'
import { admitted } from './tables'

/** One entry of `fixtures/response-formats.json`: a table, a request, and the body Elasticsearch answers with. */
export interface GoldenCase {
  name: string
  table: { columns: readonly GoldenColumn[]; values: readonly (readonly Value[])[] }
  /** The fields before `columns`, of the JSON family only. */
  envelope?: {
    id?: string
    is_running?: boolean
    took?: number
    is_partial?: boolean
    documents_found: number
    values_loaded: number
  }
  /** The state that text and Arrow bodies show only in headers. */
  asyncState?: { is_running: boolean; id_in_header: boolean }
  request: {
    /** `null`: `accept` decides. */
    format: string | null
    accept?: string
    contentType?: string
    delimiter?: string
    header?: boolean
    pretty?: boolean
    columnar?: boolean
    drop_null_columns?: boolean
    filter_path?: string
    time_zone?: string
  }
  expected: {
    status: number
    contentType: string
    encoding: 'utf8' | 'base64'
    compare: 'exact' | 'decoded' | 'arrow-decoded'
    body: string
    equivalentJson?: string
    decoded?: GoldenArrow
  }
}

/** A decoded Arrow body: 64-bit integers and timestamps as decimal text, binary as `hex:` text. */
export interface GoldenArrow {
  schema: readonly { name: string; type: unknown; nullable: boolean; metadata: Record<string, string> }[]
  rows: readonly (readonly unknown[])[]
}

interface GoldenColumn {
  name: string
  type: Column['type']
  original_types?: readonly string[]
  suggested_cast?: string
}

const FILE = path.join(__dirname, '..', 'fixtures', 'response-formats.json')
const ALL = JSON.parse(readFileSync(FILE, 'utf8')) as readonly GoldenCase[]

/** The cases answered with 200 in one of these formats, as titled rows for `it.each`. */
export function goldenCases(formats: readonly string[]): [name: string, goldenCase: GoldenCase][] {
  return casesOf(formats).filter(([, { expected }]) => expected.status === 200)
}

/** The cases whose request asks for one of these formats and is refused. */
export function goldenRefusals(formats: readonly string[]): [name: string, goldenCase: GoldenCase][] {
  return casesOf(formats).filter(([, { expected }]) => expected.status !== 200)
}

/** The query whose answer is the case. */
export function queryOf({ table, envelope, asyncState, request }: GoldenCase): AsyncQuery {
  const isRunning = envelope?.is_running ?? asyncState?.is_running ?? false
  const id = envelope?.id ?? 'id'
  // Some cases show rows of a running query, as older releases did. Ours shows none, so the query is finished here.
  if (isRunning && table.columns.length === 0) return { isRunning: true, id }
  const statistics: QueryStatistics = {
    ...(envelope && {
      documentsFound: envelope.documents_found,
      valuesLoaded: envelope.values_loaded,
    }),
  }
  return {
    isRunning: false,
    ...(envelope?.id !== undefined && { id }),
    ...(envelope?.took !== undefined && { tookNanos: envelope.took * 1e6 }),
    isPartial: envelope?.is_partial ?? false,
    ...(request.columnar !== undefined && { columnar: request.columnar }),
    ...(request.time_zone !== undefined && { timeZone: request.time_zone }),
    result: admitted({ columns: table.columns.map(columnOf), values: table.values, statistics }),
  }
}

/** The presentation that a case asks for. */
export function presentationOf({ request }: GoldenCase): Presentation {
  return {
    dropNullColumns: request.drop_null_columns ?? false,
    pretty: request.pretty ?? false,
    human: false,
    ...(request.filter_path !== undefined && { filterPath: request.filter_path }),
    ...(request.delimiter !== undefined && { delimiter: request.delimiter }),
    header: request.header ?? true,
  }
}

/**
 * The text of a case as an answer of the async API. The cases are answers of the synchronous API, which does not show
 * whether the query runs. Cases with `filter_path` hide it.
 */
export function asyncText(goldenCase: GoldenCase): string {
  const { envelope, expected, request } = goldenCase
  if (request.filter_path !== undefined || queryOf(goldenCase).isRunning) return expected.body
  // A case that shows rows of a running query counts as finished.
  if (envelope?.is_running) return expected.body.replace(/(\bis_running"? ?: ?)true/, '$1false')
  if (request.pretty) return expected.body.replace('{\n', '{\n  "is_running" : false,\n')
  if (expected.body.startsWith('---\n')) return expected.body.replace('---\n', '---\nis_running: false\n')
  return expected.body.replace('{', '{"is_running":false,')
}

/** The same for a decoded body. */
export function asyncDocument(goldenCase: GoldenCase, decoded: object): object {
  if (goldenCase.request.filter_path !== undefined) return decoded
  const { id, ...others } = decoded as { id?: string }
  const state = { ...(id !== undefined && { id }), is_running: false }
  return Object.assign(state, others, { is_running: false })
}

function casesOf(formats: readonly string[]): [string, GoldenCase][] {
  return ALL.filter((goldenCase) => formats.includes(formatOf(goldenCase) ?? '')).map((goldenCase) => [
    goldenCase.name,
    goldenCase,
  ])
}

function formatOf({ request: { format, accept = '' } }: GoldenCase): string | undefined {
  if (format !== null) return format
  return accept.startsWith('text/markdown') ? 'md' : /\b(?:json|csv)\b/.exec(accept)?.[0]
}

function columnOf({ name, type, original_types, suggested_cast }: GoldenColumn): Column {
  return {
    name,
    type,
    ...(original_types && { originalTypes: original_types }),
    ...(suggested_cast !== undefined && { suggestedCast: suggested_cast }),
  }
}
