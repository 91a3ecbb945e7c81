import { isObject } from '../../core/is-object'
import type { Answer } from '../answer'
import { Skip, sameValue } from '../answer'
import type { Check } from '../check'
import type { OtherFormat } from '../decode'
import { decodeAnswer } from '../decode'
import type { Kept } from '../session'
import { loadArrow } from './arrow'
import { assertSameTable, parseCsv, TEXT_FORMATS } from './text-tables'

const LINE = { page: 'rest', line: 'Response formats' } as const

const OBJECT_FORMATS: readonly OtherFormat[] = ['yaml', 'cbor', 'smile']

const objects = OBJECT_FORMATS.map(
  (format): Check => ({
    name: `formats.${format}.equals-json`,
    level: 'must',
    says: `${format.toUpperCase()} has the same columns and values as JSON`,
    source: LINE,
    async ask(session) {
      const kept = await session.kept()
      const answer = await session.get(kept.id, `format=${format}`)
      answer.hasStatus(200).hasHeader('Content-Type', `application/${format}`)
      assertSameResult(answer, kept, decoded(answer, format))
    },
  }),
)

function decoded(answer: Answer, format: OtherFormat): unknown {
  try {
    return decodeAnswer(format, answer.body)
  } catch (error) {
    if (error instanceof Skip) throw error
    answer.fail(`the body is no ${format.toUpperCase()}`)
  }
}

function assertSameResult(answer: Answer, { columns, values }: Kept, result: unknown): void {
  const found = isObject(result) ? result : {}
  answer.must(found.is_running === false, '`is_running` is not false')
  answer.must(sameValue(found.columns, columns), '`columns` are not those of JSON')
  answer.must(sameValue(found.values, values), '`values` are not those of JSON')
}

const TEXT_TYPES = {
  csv: 'text/csv; charset=utf-8; header=present',
  tsv: 'text/tab-separated-values; charset=utf-8',
  txt: /^text\/plain/,
  md: 'text/markdown; charset=utf-8',
} as const

const texts = (['csv', 'tsv', 'txt', 'md'] as const).map(
  (format): Check => ({
    name: `formats.${format}.equals-json`,
    // How a cell is escaped is written nowhere.
    level: format === 'md' ? 'should' : 'must',
    says: `${format.toUpperCase()} has the same columns and cells as JSON`,
    source: LINE,
    ...(format === 'md' && { since: '9.5' }),
    async ask(session) {
      const kept = await session.kept()
      const answer = await session.get(kept.id, `format=${format}`)
      answer.hasStatus(200).hasHeader('Content-Type', TEXT_TYPES[format])
      assertSameTable(answer, kept, TEXT_FORMATS[format])
    },
  }),
)

const arrow: Check = {
  name: 'formats.arrow.equals-json',
  level: 'must',
  says: 'Arrow has the same columns, types and number of rows as JSON, and the same texts and integers',
  source: LINE,
  async ask(session) {
    const read = loadArrow()
    const kept = await session.kept()
    const answer = await session.get(kept.id, 'format=arrow')
    // Not every type has a form in Arrow.
    if (answer.status === 400 && /Arrow format/i.test(answer.text))
      throw new Skip('a type has no form in Arrow')
    answer.hasStatus(200).hasHeader('Content-Type', 'application/vnd.apache.arrow.stream')
    const difference = read(answer.body, kept)
    answer.must(difference === undefined, `the table differs from JSON: ${difference}`)
  },
}

const choices: readonly Check[] = [
  {
    name: 'formats.accept.chooses',
    level: 'must',
    says: 'Accept chooses the format',
    source: LINE,
    async ask(session) {
      const kept = await session.kept()
      const answer = await session.get(kept.id, '', { headers: { accept: 'text/csv' } })
      answer.hasStatus(200).hasHeader('Content-Type', /^text\/csv/)
      assertSameTable(answer, kept, TEXT_FORMATS.csv)
    },
  },
  {
    name: 'formats.parameter.wins',
    level: 'must',
    says: 'the parameter format wins over Accept',
    source: { page: 'get', line: 'format' },
    async ask(session) {
      const { id } = await session.kept()
      const headers = { accept: 'application/json' }
      const answer = await session.get(id, 'format=csv', { headers })
      answer.hasStatus(200).hasHeader('Content-Type', /^text\/csv/)
    },
  },
  {
    name: 'formats.unknown.get',
    level: 'should',
    says: 'a get in a format that does not exist answers in JSON',
    source: { page: 'server', line: 'EsqlMediaTypeParser' },
    async ask(session) {
      const { id } = await session.kept()
      const answer = await session.get(id, 'format=xyz')
      answer.hasStatus(200).hasHeader('Content-Type', 'application/json')
    },
  },
  {
    name: 'formats.submit.csv',
    level: 'must',
    says: 'a submit in CSV answers with the table, and with id and state in headers',
    source: { page: 'submit', line: 'format' },
    async ask(session) {
      const kept = await session.kept()
      const answer = await session.submit({ keep_on_completion: true }, 'format=csv')
      answer.hasStatus(200).hasHeader('Content-Type', TEXT_TYPES.csv)
      answer.hasHeader('X-Elasticsearch-Async-Id', /./).hasHeader('X-Elasticsearch-Async-Is-Running', '?0')
      assertSameTable(answer, kept, TEXT_FORMATS.csv)
    },
  },
  {
    name: 'formats.csv.headers',
    level: 'must',
    says: 'a get in CSV has id and state in headers',
    source: { page: 'submit', line: 'X-Elasticsearch-Async-Id' },
    async ask(session) {
      const { id } = await session.kept()
      const answer = await session.get(id, 'format=csv')
      answer.hasStatus(200).hasHeader('X-Elasticsearch-Async-Id', id)
      answer.hasHeader('X-Elasticsearch-Async-Is-Running', '?0')
    },
  },
  {
    name: 'formats.csv.delimiter',
    level: 'must',
    says: 'delimiter replaces the comma of CSV',
    source: { page: 'get', line: 'delimiter' },
    async ask(session) {
      const kept = await session.kept()
      const answer = await session.get(kept.id, 'format=csv&delimiter=%7C')
      answer.hasStatus(200)
      assertSameTable(answer, kept, { ...TEXT_FORMATS.csv, parse: (text) => parseCsv(text, '|') })
    },
  },
  {
    name: 'formats.csv.header-absent',
    level: 'must',
    says: 'CSV has no line of names for a client that accepts header=absent',
    source: { page: 'rest', line: 'CSV' },
    async ask(session) {
      const kept = await session.kept()
      const headers = { accept: 'text/csv; header=absent' }
      const answer = await session.get(kept.id, '', { headers })
      answer.hasStatus(200).hasHeader('Content-Type', 'text/csv; charset=utf-8; header=absent')
      const names = kept.columns.map(({ name }) => String(name))
      const parse = (text: string) => [names, ...parseCsv(text)]
      assertSameTable(answer, kept, { ...TEXT_FORMATS.csv, parse })
    },
  },
]

const shapes: readonly Check[] = [
  {
    name: 'formats.columnar.transposes',
    level: 'must',
    says: 'with columnar, values has an array for each column',
    source: { page: 'submit', line: 'columnar' },
    async ask(session) {
      const kept = await session.kept()
      const { answer } = await session.kept({ columnar: true })
      const expected = kept.values.length === 0 ? [] : kept.columns.map((_, index) => cellsOf(kept, index))
      answer.must(sameValue(answer.json.values, expected), '`values` are not those of the rows, by column')
    },
  },
  {
    name: 'formats.drop-null-columns.drops',
    level: 'must',
    says: 'drop_null_columns leaves out columns of nulls, and all_columns has them all',
    source: { page: 'get', line: 'drop_null_columns' },
    async ask(session) {
      const kept = await session.kept()
      const isKept = kept.columns.map((_, index) => cellsOf(kept, index).some((cell) => cell !== null))
      const without = <T>(row: readonly T[]): T[] => row.filter((_, index) => isKept[index])
      const answer = (await session.get(kept.id, 'drop_null_columns=true')).hasStatus(200)
      const { all_columns: all, columns, values } = answer.json
      answer.must(sameValue(all, kept.columns), '`all_columns` does not have all columns')
      answer.must(sameValue(columns, without(kept.columns)), '`columns` are not those with values')
      const expected = isKept.includes(true) ? kept.values.map(without) : values
      answer.must(sameValue(values, expected), '`values` are not those of the columns that are left')
    },
  },
  {
    name: 'formats.columnar.no-csv',
    level: 'must',
    says: 'columnar is refused together with a text format',
    source: { page: 'submit', line: 'columnar' },
    async ask(session) {
      const answer = await session.submit({ columnar: true }, 'format=csv')
      answer.hasError(400, 'illegal_argument_exception', /^Invalid use of \[columnar\] argument/)
    },
  },
]

function cellsOf({ values }: Kept, column: number): unknown[] {
  return values.map((row) => row[column])
}

export const FORMATS: readonly Check[] = [...objects, ...texts, arrow, ...choices, ...shapes]
