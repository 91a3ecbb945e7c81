import { readFileSync } from 'node:fs'
import path from 'node:path'
import { QueryError } from '../core/errors'
import { messageOf } from '../core/message-of'
import type { QueryResult } from '../core/result'
import { MS_PER_UNIT } from '../core/time-value'
import { parseAnswer } from '../json/parse'
import type { CatalogueEntry } from './entry'
import type { EntryFields, ResponseFields } from './format'
import { CATALOGUE, RESPONSE } from './format'
import { Matcher, paramsOf } from './matching'
import { checkRows, readResponse } from './read-response'

/** What a file holds. */
export interface Catalogue {
  readonly entries: readonly CatalogueEntry[]
  /** The files that it was read from: the catalogue itself, and those of responses. */
  readonly files: readonly string[]
}

/** Reads the file of a catalogue. Throws an error that names the file, the place, and what is wrong there. */
export function readCatalogue(file: string): Catalogue {
  const files = [file]
  const readBeside = (name: string): string => {
    const beside = path.resolve(path.dirname(file), name)
    files.push(beside)
    return readText(beside)
  }
  try {
    return { entries: parseCatalogue(readText(file), readBeside), files }
  } catch (cause) {
    throw new Error(`${file}: ${messageOf(cause)}`, { cause })
  }
}

/**
 * Reads the text of a catalogue, which `docs/standalone.md` describes. `readBeside` reads a file that stands beside it. Throws an error
 * that says what is wrong, and where.
 */
export function parseCatalogue(text: string, readBeside = readText): CatalogueEntry[] {
  const { version = 1, queries = [] } = CATALOGUE.read(parseAnswer(text)?.value ?? null, 'the catalogue')
  const read: Written[] = []
  for (const [index, fields] of queries.entries()) {
    const where = `queries[${index}]`
    const written = { entry: readEntry(fields, where, { version, readBeside }), fields, where }
    refuseUnreachable(written, read, version)
    read.push(written)
  }
  return read.map(({ entry }) => entry)
}

export interface Reading {
  version: 1 | 2
  readBeside: (name: string) => string
}

/** Reads one entry. Throws an error that says what is wrong, and where. */
export function readEntry(fields: EntryFields, where: string, reading: Reading): CatalogueEntry {
  const { shows, delay, keep_alive: keepAlive, partial_values: rows = [], warnings = [] } = fields
  const outcomes = readOutcomes(fields, where, reading).map((outcome) =>
    outcome instanceof QueryError || warnings.length === 0
      ? outcome
      : { ...outcome, warnings: [...warnings, ...(outcome.warnings ?? [])] },
  )
  const result = outcomes.find((outcome): outcome is QueryResult => !(outcome instanceof QueryError))
  const columns = result?.columns ?? []
  if (result) checkRows(rows, columns, `${where}.partial_values`)
  return {
    matcher: readMatcher(fields, where, reading),
    usage: evened(fields),
    shows,
    delayMs: delay === undefined ? 0 : timeOf(delay),
    keepAliveMs: keepAlive === undefined ? undefined : timeOf(keepAlive),
    partial: result && { columns, values: rows, ...(warnings.length > 0 && { warnings }) },
    outcomes,
  }
}

/** Before version 2, nothing but the text was looked at. */
function readMatcher(fields: EntryFields, where: string, { version }: Reading): Matcher {
  const { query, pattern, locale, time_zone: timeZone } = fields
  const isLoose = pattern !== undefined || version === 1
  const { params = isLoose ? 'any' : [], filter = isLoose ? 'any' : undefined } = fields
  try {
    return new Matcher({
      query: query ?? new RegExp(`^(?:${pattern})$`),
      params: params === 'any' ? params : paramsOf(params),
      filter,
      ...{ locale, timeZone },
      ...(pattern !== undefined && { usage: pattern }),
    })
  } catch (cause) {
    const what = cause instanceof SyntaxError ? '.pattern must be a regular expression' : '.params'
    throw new Error(`${where}${what}: ${messageOf(cause)}`, { cause })
  }
}

function readOutcomes(
  { response, responses = [], response_file: file, columnar = false }: EntryFields,
  where: string,
  { readBeside }: Reading,
): (QueryResult | QueryError)[] {
  const readFile = (name: string, place: string): QueryResult | QueryError => {
    try {
      const body = RESPONSE.read(parseAnswer(readBeside(name))?.value ?? null, 'the response')
      return readResponse(body, 'the response', columnar)
    } catch (cause) {
      throw new Error(`${place}.response_file: ${name}: ${messageOf(cause)}`, { cause })
    }
  }
  if (file !== undefined) return [readFile(file, where)]
  if (response !== undefined) return [readResponse(response, `${where}.response`, columnar)]
  return responses.map((each, index) => {
    const place = `${where}.responses[${index}]`
    const { response_file: name } = each as { response_file?: string } & typeof each
    return name === undefined ? readResponse(each as ResponseFields, place, columnar) : readFile(name, place)
  })
}

/** An entry, and how its text is written. */
interface Written {
  entry: CatalogueEntry
  fields: EntryFields
  where: string
}

/** Refuses an entry that never answers, because one before it takes all of its requests. */
function refuseUnreachable(
  { entry, fields, where }: Written,
  before: readonly Written[],
  version: 1 | 2,
): void {
  const first = before.find(
    (other) =>
      other.entry.matcher.takesAllOf(entry.matcher) &&
      // Version 1 knew no other spellings of a text, so its files may have entries for them.
      (version > 1 || evened(other.fields) === evened(fields)),
  )
  if (first === undefined) return
  throw new Error(
    `${where} never answers, because ${first.where} takes the same requests; remove one, or put it in front`,
  )
}

function evened({ query, pattern }: EntryFields): string {
  return `${query ?? pattern}`.trim().replace(/\s+/g, ' ')
}

function timeOf(text: string): number {
  const [, amount = '0', unit = 'ms'] = /^([\d.-]+) ?(\D*)$/.exec(text) ?? []
  return Math.max(0, Number(amount) * (MS_PER_UNIT[unit as keyof typeof MS_PER_UNIT] ?? 1))
}

function readText(file: string): string {
  const text = new TextDecoder().decode(readFileSync(file)).trim()
  if (text === '') throw new Error('the file is empty')
  return text
}
