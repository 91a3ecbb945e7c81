import type { Value } from '../../core/result'
import type { QueryRequest, SubmitTimes } from '../../core/store'
import { timeText } from '../../core/time-value'

/** The JSON of a submit, for a request in our words. */
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

/** Like `JSON.stringify`, but writes a bigint as the integer that it is. */
function exactJson(value: Value | undefined): string {
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null || value instanceof Date) {
    return JSON.stringify(value ?? null)
  }
  if (Array.isArray(value)) return `[${value.map(exactJson).join(',')}]`
  const fields = Object.entries(value).filter(([, inner]) => inner !== undefined)
  return `{${fields.map(([name, inner]) => `${JSON.stringify(name)}:${exactJson(inner)}`).join(',')}}`
}
