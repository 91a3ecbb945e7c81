import { doubleText, floatText } from '../cells/scalar-text'

/**
 * The JSON of a string, or of an array of what `JSON.stringify` writes as Elasticsearch does. The two differ in
 * control characters, which Elasticsearch escapes in upper-case digits: `\u000B`.
 */
export function jsonText(value: string | readonly unknown[]): string {
  const json = JSON.stringify(value)
  return json.includes('\\u00') ? json.replace(/\\(?:u00(..)|.)/g, upperCaseDigits) : json
}

function upperCaseDigits(sequence: string, digits: string | undefined): string {
  return digits === undefined ? sequence : `\\u00${digits.toUpperCase()}`
}

/** What is no number in JSON goes into quotes. */
export function jsonDouble(value: number): string {
  return Number.isFinite(value) ? doubleText(value) : `"${value}"`
}

export function jsonFloat(value: number): string {
  return Number.isFinite(value) ? floatText(value) : `"${value}"`
}

/** Whether `JSON.stringify` writes a number in the digits of a Java double. It would write 3.0 as 3. */
export function isPlainDouble(value: number): boolean {
  const magnitude = Math.abs(value)
  return magnitude >= 1e-3 && magnitude < 1e7 && !Number.isInteger(value)
}
