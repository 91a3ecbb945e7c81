import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { EntryFields } from '../catalogue/format'
import { CATALOGUE } from '../catalogue/format'
import type { Asked } from '../catalogue/matching'
import { paramsOf, Question } from '../catalogue/matching'
import { readCatalogue } from '../catalogue/read-catalogue'
import { isObject } from '../core/is-object'
import type { Value, ValueObject } from '../core/result'
import { isMultiValue, isValueObject } from '../core/result'
import { parseAnswer } from '../json/parse'
import { layout, lines } from './layout'

/** A catalogue as it is written. */
export interface WrittenCatalogue {
  readonly version: 1 | 2
  readonly schema: string | undefined
  readonly recorded: ValueObject
  readonly entries: readonly EntryFields[]
}

const EMPTY: WrittenCatalogue = { version: 2, schema: undefined, recorded: {}, entries: [] }

/** Reads a catalogue that may not exist yet. Throws an error that names the fault. */
export function readWritten(file: string): WrittenCatalogue {
  if (!existsSync(file)) return EMPTY
  readCatalogue(file)
  const text = new TextDecoder().decode(readFileSync(file))
  const read = CATALOGUE.read(parseAnswer(text)?.value ?? null, 'the catalogue')
  const { $schema: schema, version = 1, recorded = {}, queries = [] } = read
  return { version, schema, recorded, entries: queries }
}

/** The same, for a catalogue that is to be changed. What is written is of version 2. */
export function readChangeable(file: string): WrittenCatalogue {
  const written = readWritten(file)
  if (written.version === 2) return written
  throw new Error(
    `${file}: recordings are of version 2; give the file "version": 2, and entries for every params "params": "any"`,
  )
}

/** The salt of the hashes in a catalogue. */
export function saltOf({ recorded }: Pick<WrittenCatalogue, 'recorded'>): string | undefined {
  return typeof recorded.salt === 'string' ? recorded.salt : undefined
}

/** What an entry is for, if that is one question. */
export function askedBy({
  query,
  params = [],
  filter,
  locale,
  time_zone: timeZone,
}: EntryFields): Asked | undefined {
  if (query === undefined || params === 'any' || filter === 'any') return undefined
  return {
    query,
    params: paramsOf(params),
    ...(filter && { filter }),
    ...(locale !== undefined && { locale }),
    ...(timeZone !== undefined && { timeZone }),
  }
}

/** Equal for questions that one entry answers. */
export function keyOf(asked: Asked): string {
  return JSON.stringify(partsOf(asked))
}

/** The order of recorded entries. One for one locale or time zone stands before that for any. */
function sortKeyOf(asked: Asked): string {
  return partsOf(asked)
    .map((part) => part ?? LAST)
    .join('\n')
}

/** Behind every text. */
const LAST = '\uffff'

/** What makes two questions differ, as the reader of a catalogue compares it. */
function partsOf(asked: Asked): (string | null)[] {
  const { text, params, filter } = new Question(asked)
  const { locale = null, timeZone = null } = asked
  return [text.normal, params.fingerprint, filter.fingerprint, locale, timeZone]
}

/**
 * The text of a catalogue. It depends on what the entries are, and not on their order, but for those that take many questions: they
 * stand behind the others as they stood, since the first that fits is taken.
 */
export function catalogueText({ schema, recorded, entries }: WrittenCatalogue): string {
  const sorted = entries
    .map(placed)
    .sort((one, other) => (one.place < other.place ? -1 : one.place > other.place ? 1 : 0))
    .map(({ text }) => text)
  const head = layout({
    ...(schema !== undefined && { $schema: schema }),
    version: 2,
    ...(Object.keys(recorded).length > 0 && { recorded }),
  })
  return `${head.slice(0, -'\n}'.length)},\n  "queries": [${lines(sorted, 1)}]\n}\n`
}

interface Placed {
  readonly place: string
  readonly text: string
}

/** Entries never change, and a recording that grows is written again and again. */
const placedEntries = new WeakMap<EntryFields, Placed>()

function placed(entry: EntryFields): Placed {
  const known = placedEntries.get(entry)
  if (known) return known
  const asked = askedBy(entry)
  const fresh = { place: asked ? sortKeyOf(asked) : LAST, text: layout(entry as ValueObject, 2) }
  placedEntries.set(entry, fresh)
  return fresh
}

/** The files beside the catalogue that entries name. */
export function filesOf(entries: readonly EntryFields[]): Set<string> {
  const files = new Set<string>()
  const collect = (value: Value | undefined): void => {
    if (!isValueObject(value)) return
    if (typeof value.response_file === 'string') files.add(value.response_file)
    if (isMultiValue(value.responses)) value.responses.forEach(collect)
  }
  for (const entry of entries) if (isObject(entry)) collect(entry as ValueObject)
  return files
}

/** Where the file really is: a link stays a link. */
export function realFile(file: string): string {
  return existsSync(file) ? realpathSync(file) : path.resolve(file)
}

/** Writes a file so that whoever reads it, whenever this process ends, finds all of it or what was there before. */
export async function writeWhole(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true })
  const temporary = `${file}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`
  try {
    const handle = await open(temporary, 'wx')
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
