import { findEntry, Matcher, Question } from '../catalogue/matching'
import { unknownQuery } from '../catalogue/unknown-query'
import { didYouMean } from '../core/did-you-mean'
import type { Column, QueryResult, Value } from '../index'
import { QueryError } from '../index'
import type { SampleQuery, SampleRun } from './engine'
import { SAMPLE_ENGINE } from './engine'

const USAGE = 'FROM books | KEEP title, price | LIMIT 3'

/** How many commands may cut a result. Each needs a look at the samples. */
const MOST_CUTS = 8

/** What can be done with the result of a sample. */
const CUT = /^(?:LIMIT \d{1,9}|KEEP .+)$/

/** A sample with `LIMIT` and `KEEP` behind it, which cut its result. Everything else of ES|QL is for engines. */
export function cutQueries(samples: readonly SampleQuery[]): SampleQuery {
  return {
    usage: USAGE,
    shows: 'any of these with some of its columns and rows; beyond that, they are recordings',
    matcher: new Matcher({
      usage: USAGE,
      query: /^(\w.*)\|((?:LIMIT|KEEP) [^|]+)$/s,
      params: 'any',
      filter: 'any',
    }),
    answer: ([before = '', last = ''], run) => answerCut(samples, commandsOf(before, last), run),
  }
}

function commandsOf(...texts: readonly string[]): string[] {
  return texts.flatMap((text) => text.split('|')).map((command) => command.trim())
}

/** The longest beginning that is a sample is asked, and the rest cuts what it gives. */
async function answerCut(
  samples: readonly SampleQuery[],
  commands: readonly string[],
  run: SampleRun,
): Promise<QueryResult> {
  const least = Math.max(commands.length - MOST_CUTS, 1)
  for (let count = commands.length - 1; count >= least && CUT.test(commands[count] ?? ''); count -= 1) {
    const query = commands.slice(0, count).join('|')
    const found = findEntry(samples, new Question({ ...run.request, query }))
    if (!found) continue
    const cut = (result: QueryResult): QueryResult => commands.slice(count).reduce(applied, result)
    const report = (result: QueryResult): void => run.report(cut(result))
    return cut(await found.entry.answer(found.groups, { ...run, report }))
  }
  const matchers = samples.map(({ matcher }) => matcher)
  throw unknownQuery(SAMPLE_ENGINE, matchers, new Question(run.request))
}

function applied(result: QueryResult, command: string): QueryResult {
  const [, limit] = /^LIMIT (\d+)$/.exec(command) ?? []
  if (limit !== undefined) return { ...result, values: result.values.slice(0, Number(limit)) }
  const places = keptOf(result.columns, command.slice('KEEP '.length).split(','))
  return {
    ...result,
    columns: places.map((place) => result.columns[place] as Column),
    values: result.values.map((row) => places.map((place) => row[place] as Value)),
  }
}

/** Where the columns are that stay, in their new order. A name comes before a pattern, and a pattern before `*`. */
function keptOf(columns: readonly Column[], written: readonly string[]): number[] {
  const patterns = written.map((text) => text.trim().replaceAll('`', ''))
  const taken = columns.map(({ name }) =>
    patterns.reduce((best, pattern, at) => {
      const isBetter = matches(pattern, name) && rankOf(pattern) >= rankOf(patterns[best] ?? '')
      return isBetter ? at : best
    }, -1),
  )
  const unused = patterns.find((pattern) => !columns.some(({ name }) => matches(pattern, name)))
  if (unused !== undefined) throw unknownColumn(unused, columns)
  const kept = [...columns.keys()].filter((place) => taken[place] !== -1)
  return kept.sort((one, other) => (taken[one] ?? 0) - (taken[other] ?? 0) || one - other)
}

function rankOf(pattern: string): number {
  if (pattern === '') return -1
  return pattern === '*' ? 0 : pattern.includes('*') ? 1 : 2
}

/** Not a regular expression: one with many `*` could take very long. */
function matches(pattern: string, name: string): boolean {
  const [first = '', ...others] = pattern.split('*')
  const last = others.pop()
  if (last === undefined) return pattern === name
  let at = first.length
  for (const part of others) {
    const found = name.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return name.startsWith(first) && name.endsWith(last) && at + last.length <= name.length
}

function unknownColumn(name: string, columns: readonly Column[]): QueryError {
  const meant = didYouMean(
    name,
    columns.map((column) => column.name),
  )
  const hint = meant === undefined ? '' : `, ${meant}`
  return new QueryError(
    'verification_exception',
    `Found 1 problem\nline 1:1: Unknown column [${name}]${hint}`,
  )
}
