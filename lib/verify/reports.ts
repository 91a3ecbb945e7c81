import { NOT_CHOSEN } from './selection'
import type { Result, Verification } from './verify'

/** How the outcome of a run is written. */
export interface Report {
  /** What is written as soon as a result is there. */
  line?(result: Result): string
  /** What is written at the end. */
  end(verification: Verification): string
}

export const REPORTS = {
  text: { line: textLine, end: textEnd },
  junit: { end: junit },
  tap: { end: tap },
  json: { end: json },
} as const satisfies Record<string, Report>

export type ReportName = keyof typeof REPORTS

const MARKS = { passed: '✓', skipped: '-', failed: '✗' } as const

function textLine(result: Result): string {
  const { check } = result
  const mark = MARKS[result.outcome]
  if (result.outcome === 'passed') return `${mark} ${check.name}\n`
  // Whoever chooses some checks does not want a line for each of the others.
  if (result.outcome === 'skipped' && result.reason === NOT_CHOSEN) return ''
  if (result.outcome === 'skipped') return `${mark} ${check.name} (skipped: ${result.reason})\n`
  return `${mark} ${check.name} (${check.level})\n${detailsOf(result)
    .map((line) => `    ${line}\n`)
    .join('')}`
}

function textEnd({ results, leftBehind }: Verification): string {
  const { passed, skipped, mustFailed, shouldFailed } = countsOf(results)
  const counts = `${passed} passed, ${mustFailed} failed, ${shouldFailed} of "should" failed, ${skipped} skipped`
  const left = leftBehind.map((id) => `left behind, because its delete failed: ${id}\n`)
  return `\n${counts}\n${left.join('')}`
}

/** What a failure says, a line each. */
function detailsOf(result: Result): string[] {
  if (result.outcome !== 'failed') return []
  const { check, reason, curl, got } = result
  return [
    `${check.says}`,
    `but ${reason}`,
    ...(curl === undefined ? [] : [`asked: ${curl}`]),
    ...(got === undefined ? [] : [`got: ${got}`]),
  ]
}

export function countsOf(results: readonly Result[]) {
  const count = (outcome: Result['outcome'], level?: string): number =>
    results.filter(
      (result) => result.outcome === outcome && (level ?? result.check.level) === result.check.level,
    ).length
  return {
    passed: count('passed'),
    skipped: count('skipped'),
    mustFailed: count('failed', 'must'),
    shouldFailed: count('failed', 'should'),
  }
}

/** A `should` that fails is a TODO of TAP, which fails no run. */
function tap({ results }: Verification): string {
  const lines = results.flatMap((result, index) => {
    const { check, outcome } = result
    const isTodo = outcome === 'failed' && check.level === 'should'
    const directive = outcome === 'skipped' ? ` # SKIP ${result.reason}` : isTodo ? ' # TODO should' : ''
    const line = `${outcome === 'failed' ? 'not ok' : 'ok'} ${index + 1} - ${check.name.replaceAll('#', '\\#')}${directive}`
    return [line, ...detailsOf(result).map((detail) => `# ${detail}`)]
  })
  return `${['TAP version 14', `1..${results.length}`, ...lines].join('\n')}\n`
}

/** A `should` that fails counts as skipped, because a failure fails the build. */
function junit({ results }: Verification): string {
  const isFailure = ({ outcome, check }: Result): boolean => outcome === 'failed' && check.level === 'must'
  const cases = results.map((result) => {
    const [group = '', ...rest] = result.check.name.split('.')
    const seconds = (result.ms / 1_000).toFixed(3)
    const open = `<testcase classname="${group}" name="${xml(rest.join('.'))}" time="${seconds}"`
    if (result.outcome === 'passed') return `  ${open}/>`
    const tag = isFailure(result) ? 'failure' : 'skipped'
    const details = xml(detailsOf(result).join('\n'))
    return `  ${open}>\n    <${tag} message="${xml(result.reason)}">${details}</${tag}>\n  </testcase>`
  })
  const failures = results.filter(isFailure).length
  const skipped = results.filter((result) => result.outcome !== 'passed' && !isFailure(result)).length
  const counts = `tests="${results.length}" failures="${failures}" errors="0" skipped="${skipped}"`
  const suite = `<testsuite name="esql-async-api" ${counts}>`
  return `<?xml version="1.0" encoding="UTF-8"?>\n${[suite, ...cases, '</testsuite>'].join('\n')}\n`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
}

function xml(text: string): string {
  // XML has no form for most control characters.
  const plain = text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
  return plain.replace(/[&<>"\n]/g, (character) => ENTITIES[character] ?? character)
}

function json({ results, leftBehind }: Verification): string {
  const { passed, skipped, mustFailed, shouldFailed } = countsOf(results)
  const checks = results.map(({ check: { name, level, says, source }, ms, ...outcome }) => ({
    ...{ name, level, says, source, ms },
    ...outcome,
  }))
  const counts = { passed, failed: mustFailed, failed_should: shouldFailed, skipped }
  return `${JSON.stringify({ ...counts, left_behind: leftBehind, checks }, null, 2)}\n`
}
