import { visit } from 'jsonc-parser'
import type { Value } from '../../core/result'
import type { QueryRequest } from '../../core/store'
import { DEFAULT_KEEP_ALIVE_MS, DEFAULT_WAIT_MS } from '../../core/store'
import { parseTimeValue } from '../../core/time-value'
import { timeText } from './time-text'

/** What of a submit is the gateway's to decide, in milliseconds. */
export interface SubmitTimes {
  waitMs: number
  keepAliveMs: number
}

/**
 * The JSON text of a submit with these times, and otherwise byte for byte what the caller sent: numbers beyond 2^53,
 * comments and all. Where the times are the caller's own, nothing is changed.
 */
export function withTimes(body: Buffer, { waitMs, keepAliveMs }: SubmitTimes): Buffer {
  const text = body.toString()
  const { begin, fields } = findFields(text)
  const edits = [
    editOf(fields.wait_for_completion_timeout, 'wait_for_completion_timeout', waitMs, DEFAULT_WAIT_MS),
    editOf(fields.keep_alive, 'keep_alive', keepAliveMs, DEFAULT_KEEP_ALIVE_MS),
  ].flatMap((edit) => edit ?? [])
  if (edits.length === 0) return body
  let result = ''
  let copied = 0
  for (const { start = begin, end = begin, text: value } of edits.toSorted(byStart)) {
    result += text.slice(copied, start) + value
    copied = end
  }
  return Buffer.from(result + text.slice(copied))
}

/** A scalar value of one of the outermost fields. */
interface Place {
  start: number
  end: number
  value: unknown
}

/** Without a place it goes before the first field. There is one, since every submit has a query. */
interface Edit {
  start?: number
  end?: number
  text: string
}

function editOf(
  place: Place | undefined,
  name: string,
  wantedMs: number,
  defaultMs: number,
): Edit | undefined {
  const currentMs = place ? parseTimeValue(name, String(place.value)) : defaultMs
  if (Math.max(0, currentMs) === Math.max(0, wantedMs)) return undefined
  const value = JSON.stringify(timeText(wantedMs))
  return place ? { start: place.start, end: place.end, text: value } : { text: `"${name}":${value},` }
}

function byStart({ start: one = 0 }: Edit, { start: other = 0 }: Edit): number {
  return one - other
}

/** Where the values of the outermost fields stand, as far as they are scalars, and where the first field begins. */
function findFields(text: string): { begin: number; fields: Readonly<Record<string, Place>> } {
  const fields: Record<string, Place> = Object.create(null)
  let depth = 0
  let begin = 0
  let name = ''
  const open = (): void => {
    depth += 1
  }
  const close = (): void => {
    depth -= 1
  }
  visit(
    text,
    {
      onObjectBegin(offset) {
        open()
        if (depth === 1) begin = offset + 1
      },
      onObjectEnd: close,
      onArrayBegin: open,
      onArrayEnd: close,
      onObjectProperty(property) {
        name = property
      },
      onLiteralValue(value, offset, length) {
        if (depth === 1) fields[name] = { start: offset, end: offset + length, value }
      },
    },
    { disallowComments: false },
  )
  return { begin, fields }
}

/** The JSON of a request in our words. */
export function writeRequest(
  request: QueryRequest,
  { waitMs, keepAliveMs }: SubmitTimes,
  keepOnCompletion: boolean,
): Buffer {
  const { query, params, filter, locale, timeZone, columnar, profile, extra } = request
  const { includeCcsMetadata, includeExecutionMetadata } = request
  const fields = {
    ...extra,
    query,
    params: params?.map(({ name, kind = 'value', value }) =>
      name === undefined ? value : { [name]: { [kind]: value } },
    ),
    filter,
    locale,
    time_zone: timeZone,
    columnar,
    profile,
    include_ccs_metadata: includeCcsMetadata,
    include_execution_metadata: includeExecutionMetadata,
    wait_for_completion_timeout: timeText(waitMs),
    keep_alive: timeText(keepAliveMs),
    keep_on_completion: keepOnCompletion,
  }
  return Buffer.from(exactJson(fields))
}

/** As `JSON.stringify`, with bigint as the integer that it is. */
function exactJson(value: Value | undefined): string {
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null || value instanceof Date)
    return JSON.stringify(value ?? null)
  if (Array.isArray(value)) return `[${value.map(exactJson).join(',')}]`
  const fields = Object.entries(value).filter(([, inner]) => inner !== undefined)
  return `{${fields.map(([name, inner]) => `${JSON.stringify(name)}:${exactJson(inner)}`).join(',')}}`
}
