import { symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { ManualClock } from 'express-esql-async-query/test-kit'
import fc from 'fast-check'
import type { Asked } from '../../lib/catalogue/matching'
import { findEntry, paramsOf, Question } from '../../lib/catalogue/matching'
import { readCatalogue } from '../../lib/catalogue/read-catalogue'
import type { QueryError } from '../../lib/core/errors'
import { QueryError as Failure, isQueryError } from '../../lib/core/errors'
import type { QueryResult, Rows } from '../../lib/core/result'
import { errorBody, headOf } from '../../lib/record/outcome'
import type { RecordingOptions } from '../../lib/record/recording'
import { Recording } from '../../lib/record/recording'
import type { RedactEntry } from '../../lib/record/redaction'
import { anyCharacter } from '../support/any-character'
import { RecordingFolder } from '../support/recordings'

const COLUMNS: QueryResult['columns'] = [{ name: 'a', type: 'keyword' }]
const DONE = { isRunning: false, isPartial: false } as const

/** Texts of a server, and those of a client, which may end within a character. */
const told = fc.oneof(
  fc.constantFrom('', ' ', '\n', '"', '`', '\u2028', '\uffff'),
  fc.string({ unit: anyCharacter }),
)
const sent = fc.oneof(told, fc.constantFrom('// a', '/*', '"""', '\ud800'))

const questions: fc.Arbitrary<Asked> = fc.record(
  {
    query: sent.filter((text) => text.trim() !== ''),
    params: fc.array(sent, { maxLength: 2 }).map(paramsOf),
    filter: fc.dictionary(sent, sent),
    locale: sent,
    timeZone: fc.constant('UTC'),
  },
  { requiredKeys: ['query'] },
)
const columns: fc.Arbitrary<QueryResult['columns']> = fc.array(
  fc.record(
    {
      name: told,
      type: fc.constant('keyword'),
      originalTypes: fc.array(told),
      suggestedCast: told,
      meta: fc.dictionary(told, told),
    },
    { requiredKeys: ['name', 'type'] },
  ),
  { maxLength: 3 },
)
const outcomes: fc.Arbitrary<QueryResult | QueryError> = fc.oneof(
  fc.record({ columns, values: fc.constant([]), warnings: fc.array(told, { minLength: 1 }) }),
  fc
    .record({ reason: told, causedBy: fc.option(fc.record({ type: fc.constant('a'), reason: told })) })
    .map(({ reason, causedBy }) => new Failure('a', reason, { causedBy: causedBy ?? undefined })),
)

describe('the file of a recording', () => {
  let folder: RecordingFolder
  let recording: Recording
  const progress: string[] = []

  const open = (options: Partial<RecordingOptions> = {}): Recording => {
    recording = new Recording({
      file: folder.file,
      clock: new ManualClock(Date.UTC(2026, 10, 26)),
      onProgress: (line) => progress.push(line),
      ...options,
    })
    return recording
  }
  beforeEach(() => {
    folder = new RecordingFolder()
    progress.length = 0
    open()
  })
  afterEach(() => folder.remove())

  const table = (...cells: string[]): QueryResult => ({
    columns: COLUMNS,
    values: cells.map((cell) => [cell]),
  })
  const note = async (
    asked: string | Asked,
    outcome: QueryResult | QueryError,
    tookNanos = 1e6,
  ): Promise<void> => {
    const run = recording.begin(typeof asked === 'string' ? { query: asked } : asked)
    if (!run) return
    if (isQueryError(outcome)) await recording.fail(run, outcome, { ids: [] })
    else await recording.complete(run, { ...DONE, tookNanos, result: outcome }, { ids: [] })
  }
  const cellsOf = (query: string): unknown[] => {
    const entry = readCatalogue(folder.file).entries.find(({ usage }) => usage === query)
    return (entry?.outcomes ?? []).map((outcome) =>
      isQueryError(outcome) ? outcome.type : outcome.values.flat(),
    )
  }

  it('is sorted, with a row a line, and says when it was recorded', async () => {
    await note('FROM b', new Failure('parsing_exception', 'no'))
    await note('FROM a', table('x', 'y'))
    await recording.close()
    expect(folder.text).toBe(`{
  "version": 2,
  "recorded": {"at":"2026-11-26"},
  "queries": [
    {
      "query": "FROM a",
      "response": {
        "took": 1,
        "columns": [
          {"name":"a","type":"keyword"}
        ],
        "values": [
          ["x"],
          ["y"]
        ]
      }
    },
    {
      "query": "FROM b",
      "response": {
        "error": {"type":"parsing_exception","reason":"no"},
        "status": 400
      }
    }
  ]
}
`)
  })

  it('stays byte for byte as it is while the answers are the same, whatever time they take', async () => {
    await note('FROM a', table('x'))
    await note('FROM long', table('x'.repeat(50_000)))
    await recording.close()
    const { bytes } = folder
    open({ clock: new ManualClock(Date.UTC(2027, 0, 1)), release: '9.6.0' })
    await note('FROM long', table('x'.repeat(50_000)), 9e6)
    await note('FROM a', table('x'), 9e6)
    await recording.close()
    expect(folder.bytes).toBe(bytes)
  })

  it('has an answer for each time that a query is asked, in order, until the last one stays', async () => {
    for (const cell of ['x', 'x', 'y', 'x', 'x']) await note('FROM a', table(cell))
    expect(cellsOf('FROM a')).toEqual([['x'], ['x'], ['y'], ['x']])
    open({ repeats: 'last' })
    for (const cell of ['x', 'y']) await note('FROM a', table(cell))
    await recording.close()
    expect(cellsOf('FROM a')).toEqual([['y']])
  })

  it('has the answers in the order of their submits', async () => {
    const [first, second] = [recording.begin({ query: 'FROM a' }), recording.begin({ query: 'FROM a' })]
    if (!first || !second) throw new Error('nothing has begun')
    const completed = (cell: string) => ({ isRunning: false, isPartial: false, result: table(cell) }) as const
    await recording.complete(second, completed('second'), { ids: [] })
    await recording.complete(first, completed('first'), { ids: [] })
    expect(cellsOf('FROM a')).toEqual([['first'], ['second']])
  })

  it('has long results beside it, read in batches, and only those that it needs', async () => {
    const read: number[] = []
    const batches = (count: number): CompletedResult => ({
      columns: COLUMNS,
      values: {
        rowCount: count * 100,
        *batches() {
          for (let batch = 0; batch < count; batch += 1) {
            read.push(batch)
            yield Array.from({ length: 100 }, (_, row) => [`${batch} ${row} ${'x'.repeat(50)}`]) as Rows
          }
        },
      },
    })
    type CompletedResult = Parameters<Recording['complete']>[1]['result']
    const noteBatches = async (count: number): Promise<void> => {
      const run = recording.begin({ query: 'FROM long' })
      if (run)
        await recording.complete(
          run,
          { isRunning: false, isPartial: false, result: batches(count) },
          { ids: [] },
        )
    }
    await noteBatches(40)
    expect(read).toHaveLength(40)
    expect(folder.names).toEqual([
      'queries.json',
      expect.stringMatching(/^queries\.responses\/[0-9a-f]{16}\.json$/),
    ])
    expect(cellsOf('FROM long').map((cells) => (cells as unknown[]).length)).toEqual([4_000])
    await noteBatches(41)
    await note('FROM long', table('short'))
    expect(cellsOf('FROM long').map((cells) => (cells as unknown[]).length)).toEqual([4_000, 4_100, 1])
    open({ repeats: 'last' })
    await note('FROM long', table('short'))
    await recording.close()
    expect(folder.names).toEqual(['queries.json'])
  })

  it('has no more rows than it may', async () => {
    open({ maxRows: 2 })
    await note('FROM a', table('x', 'y', 'z'))
    await note('FROM b', table('x', 'y'))
    await recording.close()
    expect(recording.summary).toBe('2 queries recorded, 1 cut to 2 rows')
    expect(cellsOf('FROM a')).toEqual([['x', 'y']])
  })

  it('keeps what others write into it, and what people have written', async () => {
    const entry = { query: 'FROM a', shows: 'why', keep_alive: '1m', response: table('old') }
    const other = { pattern: 'FROM .*', response: table('any') }
    writeFileSync(
      folder.file,
      JSON.stringify({ $schema: './schema.json', version: 2, queries: [other, entry] }),
    )
    open()
    await note('FROM b', table('b'))
    const meanwhile = new Recording({ file: folder.file, clock: new ManualClock() })
    const run = meanwhile.begin({ query: 'FROM c' })
    if (run)
      await meanwhile.complete(run, { isRunning: false, isPartial: false, result: table('c') }, { ids: [] })
    await note('FROM a', table('new'))
    await recording.close()
    expect(folder.text).toContain('"$schema": "./schema.json"')
    expect(folder.queries).toEqual([
      { ...entry, response: { took: 1, ...table('new') } },
      { query: 'FROM b', response: { took: 1, ...table('b') } },
      { query: 'FROM c', response: table('c') },
      other,
    ])
  })

  it('marks what it has changed in a question, so that nobody asks the stand-ins', async () => {
    const noteAs = async (redaction: RecordingOptions['redaction'], asked: Asked): Promise<unknown[]> => {
      open({ redaction })
      const run = recording.begin(asked)
      if (run)
        await recording.complete(run, { isRunning: false, isPartial: false, result: table('x') }, { ids: [] })
      await recording.close()
      return folder.queries.filter(({ redacted }) => redacted).map(({ query }) => query)
    }
    const params = () => ['?']
    const one = { query: 'FROM a', params: [{ value: 'secret' }] }
    expect(await noteAs({ params }, { query: 'FROM a' })).toEqual([])
    expect(await noteAs({ params }, one)).toEqual(['FROM a'])
    expect(await noteAs({ params }, one)).toEqual(['FROM a'])
    const entry: RedactEntry = (given) => ({ ...given, query: 'FROM b' })
    expect(await noteAs({ entry }, { query: 'FROM c' })).toEqual(['FROM a', 'FROM b'])
    // The question itself, of which an earlier recording had a stand-in.
    expect(await noteAs(undefined, { query: 'FROM a', params: [{ value: '?' }] })).toEqual(['FROM b'])
  })

  it('tells locales and time zones apart where a request has them', async () => {
    for (const timeZone of [undefined, 'Europe/Berlin', 'UTC']) {
      const run = recording.begin({ query: 'FROM a', ...(timeZone && { timeZone, locale: 'de' }) })
      const result = table(`${timeZone}`)
      if (run) await recording.complete(run, { isRunning: false, isPartial: false, result }, { ids: [] })
    }
    const { entries } = readCatalogue(folder.file)
    const answerTo = (fields: object) => {
      const outcome = findEntry(entries, new Question({ query: 'FROM a', ...fields }))?.entry.outcomes[0]
      return outcome && !isQueryError(outcome) && outcome.values
    }
    expect(answerTo({ locale: 'de', timeZone: 'UTC' })).toEqual([['UTC']])
    expect(answerTo({ locale: 'de', timeZone: 'Europe/Berlin' })).toEqual([['Europe/Berlin']])
    expect(answerTo({ timeZone: 'Asia/Tokyo' })).toEqual([['undefined']])
    expect(answerTo({})).toEqual([['undefined']])
  })

  const any = { params: 'any', filter: 'any' }
  const term = { term: { a: 1 } }
  it.each<[string, object[], string[]]>([
    ['spellings of one query', [{ time_zone: 'UTC' }, { query: 'FROM  logs|limit 1' }], ['UTC', 'any']],
    ['params, then any', [{ ...any, params: [1] }, any], ['1', 'any']],
    ['a filter, then any', [{ ...any, filter: term }, any], ['filter', 'any']],
    [
      'names of params in any order',
      [{ params: [{ b: 2 }, { a: 1 }], time_zone: 'UTC' }, { params: [{ a: 1 }, { b: 2 }] }],
      ['UTC', 'any'],
    ],
    [
      'the first of two that take one request',
      [
        { ...any, filter: term },
        { ...any, params: [1] },
      ],
      ['filter', '1'],
    ],
    ['a pattern before any', [{ pattern: '.*' }, any], ['pattern', 'any']],
  ])('is read again as it was: %s', async (_what, kinds, cells) => {
    const known = kinds.map((kind, index) => ({
      ...('pattern' in kind ? {} : { query: 'FROM logs | LIMIT 1' }),
      ...kind,
      response: table(cells[index] ?? ''),
    }))
    writeFileSync(folder.file, JSON.stringify({ version: 2, queries: known }))
    open()
    await note('FROM a', table('other'))
    await recording.close()
    expect(readCatalogue(folder.file).entries.map(({ outcomes }) => outcomes)).toEqual(
      ['other', ...cells].map((cell) => [expect.objectContaining({ values: [[cell]] })]),
    )
  })

  it('tells spellings of one query apart by their time zone alone', async () => {
    await note('FROM logs | LIMIT 1', table('any'))
    const run = recording.begin({ query: 'FROM logs|LIMIT 1', timeZone: 'UTC' })
    const result = table('UTC')
    if (run) await recording.complete(run, { isRunning: false, isPartial: false, result }, { ids: [] })
    await recording.close()
    expect(readCatalogue(folder.file).entries.map(({ matcher }) => matcher.timeZone)).toEqual([
      'UTC',
      undefined,
    ])
  })

  it('is read again, whatever the texts of clients and servers are', async () => {
    const bodyOf = (outcome: QueryResult | QueryError) =>
      isQueryError(outcome)
        ? errorBody(outcome)
        : { ...headOf({ ...DONE, result: outcome }), warnings: outcome.warnings }
    const property = fc.asyncProperty(questions, outcomes, async (asked, outcome) => {
      folder.remove()
      folder = new RecordingFolder()
      open()
      await note(asked, outcome)
      await recording.close()
      const found = findEntry(readCatalogue(folder.file).entries, new Question(asked))
      expect(found?.entry.outcomes.map(bodyOf)).toEqual([bodyOf(outcome)])
    })
    await fc.assert(property, { numRuns: 200 })
  }, 60_000)

  it('stays where a link leads', async () => {
    const link = path.join(folder.path, 'link.json')
    writeFileSync(folder.file, JSON.stringify({ version: 2, queries: [] }))
    symlinkSync(folder.file, link)
    open({ file: link })
    await note('FROM a', table('x'))
    expect(cellsOf('FROM a')).toEqual([['x']])
  })

  it('is refused if it has faults, and is left alone', () => {
    writeFileSync(folder.file, '{ "version": 2, "queries": [{}] }')
    expect(() => open()).toThrow('queries[0] must have exactly one of `query` and `pattern`')
    writeFileSync(folder.file, '{ "queries": [] }')
    expect(() => open()).toThrow('recordings are of version 2')
  })

  it('leaves out what a catalogue could not have, and goes on', async () => {
    const odd = { columns: [{ name: 'a', type: 'of_tomorrow' }], values: [['x']] } as unknown as QueryResult
    await note('FROM odd', odd)
    await note('FROM wrong', { columns: [{ name: 'a', type: 'long' }], values: [['x']] })
    await note('FROM a', table('x'))
    await recording.close()
    expect(folder.queries.map(({ query }) => query)).toEqual(['FROM a'])
    expect(progress.map((line) => line.split(': ').slice(0, 2).join(': '))).toEqual([
      'left out, it cannot be recorded: the response.columns[0].type must be an ES|QL type, got `of_tomorrow`',
      'left out, it cannot be recorded: values[0][0] must be an integer from -2^63 to 2^63 - 1, beyond 2^53 as a bigint or decimal text',
      'recorded (1 row): FROM a',
    ])
    expect(folder.names).toEqual(['queries.json'])
  })
})
