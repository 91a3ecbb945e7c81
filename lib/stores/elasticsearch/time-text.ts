/** A time in whole milliseconds, as Elasticsearch reads it. */
export function timeText(ms: number): string {
  return ms <= 0 ? '0' : `${Math.min(Math.ceil(ms), Number.MAX_SAFE_INTEGER)}ms`
}
