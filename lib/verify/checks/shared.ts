import type { Answer } from '../answer'

/** Half of the patience with an answer. */
export function waitOf(patienceMs: number): string {
  return `${Math.floor(patienceMs / 2)}ms`
}

export function assertTable(answer: Answer): void {
  const { columns, values } = answer.json
  answer.must(Array.isArray(columns) && Array.isArray(values), '`columns` or `values` is no array')
}

export function assertRunning(answer: Answer): void {
  answer.hasStatus(200).hasField('is_running', true).hasField('columns', []).hasField('values', [])
}
