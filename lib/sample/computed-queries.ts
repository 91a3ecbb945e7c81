import { Matcher } from '../catalogue/matching'
import { nextTurn } from '../core/turns'
import type { Column, ColumnType, QueryParam, QueryRequest, QueryResult, Value } from '../index'
import { QueryError } from '../index'
import type { SampleQuery } from './engine'

const matcherOf = (usage: string, query: RegExp): Matcher =>
  new Matcher({ usage, query, params: 'any', filter: 'any' })

export const MANY_ROWS: SampleQuery = {
  usage: 'FROM many | LIMIT 5000',
  shows: 'as many rows as you ask for, up to 100000',
  matcher: matcherOf('FROM many | LIMIT 5000', /^FROM many(?:\|LIMIT (\d+))?$/),
  answer: ([limit = '1000'], { signal }) => manyRows(Number(limit), signal),
}

const MAX_ROWS = 100_000
/** How many rows to make in one turn of the event loop: some milliseconds of work. */
const ROWS_PER_TURN = 5_000

const COLUMNS: readonly Column[] = [
  { name: 'n', type: 'integer' },
  { name: 'id', type: 'long' },
  { name: 'name', type: 'keyword' },
  { name: 'price', type: 'double' },
  { name: 'created', type: 'date' },
  { name: 'even', type: 'boolean' },
]

async function manyRows(limit: number, signal: AbortSignal): Promise<QueryResult> {
  if (limit > MAX_ROWS) throw verificationFailure(`the sample engine has [${MAX_ROWS}] rows, not [${limit}]`)
  const values: Value[][] = []
  for (let n = 0; n < limit; n += 1) {
    const id = 9007199254740993n + BigInt(n)
    values.push([n, id, `item ${n}`, n / 4, 1577836800000 + n * 60_000, n % 2 === 0])
    if (n % ROWS_PER_TURN === 0) await nextTurn()
    signal.throwIfAborted()
  }
  return {
    columns: COLUMNS,
    values,
    statistics: { documentsFound: limit, valuesLoaded: limit * COLUMNS.length },
  }
}

/** Answers with the parameters of the request as a row. Their places are `?`, `?1` or `?name`. */
export const ROW_OF_PARAMS: SampleQuery = {
  usage: 'ROW x = ?, y = ?',
  shows: 'the params of the request, 64-bit integers included',
  params: '[9007199254740993, "text"]',
  matcher: matcherOf('ROW x = ?, y = ?', /^ROW (\w+ ?= ?\?\w*(?:,\w+ ?= ?\?\w*)*)$/),
  answer: ([assignments = ''], { request }) => rowOfParams(assignments, request),
}

function rowOfParams(assignments: string, { params = [] }: QueryRequest): QueryResult {
  const left = [...params]
  const fields = assignments.split(',').map((assignment) => {
    const [name = '', placeholder = ''] = assignment.split('=').map((side) => side.trim())
    return { name, ...typed(take(placeholder.slice(1), params, left)) }
  })
  return {
    columns: fields.map(({ name, type }) => ({ name, type })),
    values: [fields.map(({ value }) => value)],
  }
}

/** The value of a placeholder. A bare `?` takes the first of those that are `left`. */
function take(placeholder: string, params: readonly QueryParam[], left: QueryParam[]): Value {
  const isNext = placeholder === ''
  const isNamed = ({ name = '' }, index: number) => [name, `${index + 1}`].includes(placeholder)
  const param = isNext ? left.shift() : params.find(isNamed)
  if (param) return param.value
  const problem = isNext
    ? `Not enough actual parameters ${params.length}`
    : `Unknown query parameter [${placeholder}]`
  throw new QueryError('parsing_exception', `line 1:1: ${problem}`)
}

/** The numeric types. Each can hold the numbers of those before it. */
const NUMERIC: readonly ColumnType[] = ['integer', 'long', 'unsigned_long', 'double']

function typed(value: Value): { type: ColumnType; value: Value } {
  const values = Array.isArray(value) ? (value as readonly Value[]) : [value]
  const types = new Set(values.map(typeOf))
  const numeric = [...types].every((type) => NUMERIC.includes(type))
  const type = numeric ? NUMERIC.findLast((candidate) => types.has(candidate)) : [...types][0]
  if (type === undefined || (!numeric && types.size > 1)) {
    throw verificationFailure(`a multi-value has one type, not [${[...types].join(', ')}]`)
  }
  return { type, value: type === 'double' ? asDoubles(value) : value }
}

function typeOf(value: Value): ColumnType {
  if (value === null) return 'null'
  if (typeof value === 'boolean') return 'boolean'
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return integerType(BigInt(value as number))
  return typeof value === 'number' ? 'double' : 'keyword'
}

function integerType(value: bigint): ColumnType {
  if (BigInt.asIntN(32, value) === value) return 'integer'
  if (BigInt.asIntN(64, value) === value) return 'long'
  return BigInt.asUintN(64, value) === value ? 'unsigned_long' : 'double'
}

function asDoubles(value: Value): Value {
  if (Array.isArray(value)) return value.map(asDoubles)
  return typeof value === 'bigint' ? Number(value) : value
}

function verificationFailure(problem: string): QueryError {
  return new QueryError('verification_exception', `Found 1 problem\nline 1:1: ${problem}`)
}
