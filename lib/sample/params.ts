import type { ColumnType, QueryParam, QueryRequest, QueryResult, Value } from '../index'
import { QueryError } from '../index'
import type { SampleQuery } from './sample-query'
import { verificationFailure } from './sample-query'

/** With `?`, `?1` or `?name`: gives the parameters of the request back as a row. */
export const ROW_OF_PARAMS: SampleQuery = {
  usage: 'ROW x = ?, y = ?',
  shows: 'the params of the request, 64-bit integers included',
  pattern: /^ROW (\w+ ?= ?\?\w*(?: ?, ?\w+ ?= ?\?\w*)*)$/i,
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

/** The value that a placeholder stands for. A bare `?` takes the first of those that are `left`. */
function take(placeholder: string, params: readonly QueryParam[], left: QueryParam[]): Value {
  const param =
    placeholder === ''
      ? left.shift()
      : /^\d+$/.test(placeholder)
        ? params[Number(placeholder) - 1]
        : params.find(({ name }) => name === placeholder)
  if (param) return param.value
  throw new QueryError(
    'parsing_exception',
    placeholder === ''
      ? `line 1:1: Not enough actual parameters ${params.length}`
      : `line 1:1: Unknown query parameter [${placeholder}]`,
  )
}

/** Integer types and `double`, each able to hold what those before it hold. */
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
