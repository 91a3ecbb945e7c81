import { isJsonText } from '../../core/json-text'
import type { Value, ValueObject } from '../../core/result'
import { isMultiValue } from '../../core/result'
import type { TokenReader } from '../../json/read-tokens'
import { readTokens } from '../../json/read-tokens'
import { doubleText, numberText } from './numbers'

/** A document as Java prints maps and lists: `{foo={a=[1, null]}}`. Text formats show `_source` like that. */
export function javaText(value: Value | undefined): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'number') return numberText(value)
  if (typeof value !== 'object') return String(value)
  if (isMultiValue(value)) return `[${value.map(javaText).join(', ')}]`
  if (isJsonText(value)) return JavaText.of(value.text)
  const entries = Object.entries(value).filter(([, member]) => member !== undefined)
  return `{${entries.map(([key, member]) => `${key}=${javaText(member)}`).join(', ')}}`
}

/** Prints JSON as {@link javaText} prints values. */
class JavaText implements TokenReader {
  #text = ''
  #isFirst = true

  static of(json: string): string {
    const java = new JavaText()
    readTokens(json, java)
    return java.#text
  }

  start(kind: 'object' | 'array'): void {
    this.#add(kind === 'object' ? '{' : '[')
    this.#isFirst = true
  }

  end(kind: 'object' | 'array'): void {
    this.#text += kind === 'object' ? '}' : ']'
    this.#isFirst = false
  }

  key(name: string): void {
    this.#add(`${name}=`)
    this.#isFirst = true
  }

  string(value: string): void {
    this.#add(value)
  }

  integer(value: number | bigint): void {
    this.#add(String(value))
  }

  double(value: number): void {
    this.#add(doubleText(value))
  }

  boolean(value: boolean): void {
    this.#add(String(value))
  }

  null(): void {
    this.#add('null')
  }

  #add(text: string): void {
    this.#text += this.#isFirst ? text : `, ${text}`
    this.#isFirst = false
  }
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
  if (isJsonText(value)) return value.text
  if (isMultiValue(value)) return `[${value.map((element) => embeddedJson(element, textOf, key)).join(',')}]`
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${embeddedJson(member, textOf, name)}`).join(',')}}`
}
