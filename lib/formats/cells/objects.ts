import type { Value, ValueObject } from '../../core/result'
import { isMultiValue } from '../../core/result'
import { doubleText, numberText } from './numbers'

/** A document as Java prints maps and lists: `{foo={a=[1, null]}}`. Text formats show `_source` like that. */
export function javaText(value: Value | undefined): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'number') return numberText(value)
  if (typeof value !== 'object') return String(value)
  if (isMultiValue(value)) return `[${value.map(javaText).join(', ')}]`
  const entries = Object.entries(value).filter(([, member]) => member !== undefined)
  return `{${entries.map(([key, member]) => `${key}=${javaText(member)}`).join(', ')}}`
}

/** The members of metrics and histograms that are doubles. All other numbers in them are integers. */
export const DOUBLES: ReadonlySet<string> = new Set(['min', 'max', 'sum', 'threshold', 'values', 'centroids'])

/** The JSON text of an `aggregate_metric_double`: the metrics that are there, in Elasticsearch's order. */
export function aggregateMetricText({ min, max, sum, value_count }: ValueObject): string {
  const metrics = Object.entries({ min, max, sum, value_count })
  return histogramText(Object.fromEntries(metrics.filter(([, value]) => value !== null)))
}

/** The JSON text of a histogram: some of its numbers are doubles by name, whatever their value. */
export function histogramText(value: Value | undefined): string {
  return embeddedJson(value, (number, key) => (DOUBLES.has(key) ? doubleText(number) : numberText(number)))
}

/** The JSON text of an object in a column of text, with Java's numbers. */
export function embeddedJson(
  value: Value | undefined,
  textOf: (value: number, key: string) => string = numberText,
  key = '',
): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'number') {
    return Number.isFinite(value) ? textOf(value, key) : JSON.stringify(String(value))
  }
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object') return JSON.stringify(value)
  if (isMultiValue(value)) return `[${value.map((element) => embeddedJson(element, textOf, key)).join(',')}]`
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${embeddedJson(member, textOf, name)}`).join(',')}}`
}
