import type { SubmitTimes } from '../../core/pass-through'
import { isValueObject } from '../../core/result'
import type { QueryRequest } from '../../core/store'
import { timeText } from '../../core/time-value'
import { atOnce } from '../../core/turns'
import { exactJson } from '../../json/write'

/** The JSON of a submit, for a request in our words. */
export function writeRequest(
  request: QueryRequest,
  { waitMs, keepAliveMs }: SubmitTimes,
  keepOnCompletion: boolean,
): Buffer {
  const { query, params, filter, locale, timeZone, columnar, profile, columnMetadata } = request
  const { settings, ...extra } = request.extra ?? {}
  const { includeCcsMetadata, includeExecutionMetadata } = request
  const fields = {
    ...extra,
    settings: columnMetadata ? { column_metadata: true, ...(isValueObject(settings) && settings) } : settings,
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
  return Buffer.from(atOnce(exactJson(fields)))
}
