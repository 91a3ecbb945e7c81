import { BIGINT, DuckDBInstance, StatementType } from '@duckdb/node-api'
import { QueryError, rowsToResult } from 'express-esql-async-query'
import { columnOf } from './types.mjs'

/** Each query keeps one of the four threads that Node.js has for files and compression too. */
const MOST_AT_A_TIME = 3

/** An engine for `MemoryStore` and `PostgresStore`: the text of a query is SQL, and its parameters are those of SQL. */
export async function createEngine() {
  const database = await DuckDBInstance.create(':memory:', { memory_limit: '512MB' })
  const setup = await database.connect()
  // What needs more memory fails. Otherwise it would fill the disk.
  await setup.run(`SET temp_directory = ''`)
  // Whoever may ask may write any SQL, so no file and no network can be reached.
  await setup.run('SET enable_external_access = false')
  await setup.run(`CREATE TABLE trips AS SELECT
    9007199254740993 + i AS id,
    TIMESTAMP '2026-01-01' + to_seconds(i) AS started,
    ['Oslo', 'Lima', 'Kyoto'][1 + i % 3] AS city,
    (i % 4000) / 100 AS km
    FROM range(1000000) t(i)`)
  setup.closeSync()

  let running = 0
  return async (request, { signal }) => {
    if (running === MOST_AT_A_TIME) {
      throw new QueryError('es_rejected_execution_exception', `${running} queries run already`)
    }
    running += 1
    const run = new Run(signal, () => {
      running -= 1
    })
    try {
      return await run.start(request, database)
    } catch (error) {
      run.end()
      throw told(error)
    }
  }
}

/** One query, on a connection of its own: an interrupt ends whatever runs on a connection. */
class Run {
  #connection
  #signal
  #onEnd
  #interrupts

  constructor(signal, onEnd) {
    this.#signal = signal
    this.#onEnd = onEnd
    signal.addEventListener('abort', this.#interrupt)
  }

  async start(request, database) {
    this.#connection = await database.connect()
    this.#signal.throwIfAborted()
    if (/^\s*SHOW\s+TABLES\s*;?\s*$/i.test(request.query)) return await this.#tables()
    const rowCount = await this.#find(request)
    const result = await this.#connection.stream('FROM temp.found')
    const cells = result.columnTypes().map((type, index) => columnOf(result.columnName(index), type))
    const columns = cells.map(({ name, type }) => ({ name, type }))
    return { columns, values: this.#batches(result, rowCount, cells) }
  }

  end() {
    this.#signal.removeEventListener('abort', this.#interrupt)
    clearInterval(this.#interrupts)
    this.#connection?.closeSync()
    this.#onEnd()
  }

  /** What is small need not stream. Most drivers give such objects: each property becomes a column. */
  async #tables() {
    const reader = await this.#connection.runAndReadAll(
      'SELECT table_name AS "table", estimated_size AS "rows" FROM duckdb_tables() ORDER BY table_name',
    )
    const result = rowsToResult(reader.getRowObjects())
    this.end()
    return result
  }

  /**
   * Finds the rows, and returns how many. They stand in a table of the connection, because a stream of DuckDB that fails looks
   * like one that has ended, and a result without a table may be larger than `memory_limit`.
   */
  async #find({ query, params = [], filter }) {
    if (filter) throw new QueryError('illegal_argument_exception', 'SQL knows no [filter]')
    const { statementType } = await this.#connection.prepare(query)
    if (statementType !== StatementType.SELECT) {
      throw new QueryError('verification_exception', 'Only SELECT is allowed')
    }
    const text = `CREATE TEMP TABLE found AS FROM (\n${query.replace(/;\s*$/, '')}\n)`
    const statement = await this.#connection.prepare(text)
    for (const [index, param] of params.entries()) bind(statement, index + 1, param)
    const reader = await statement.runAndReadAll()
    return Number(reader.value(0, 0))
  }

  /** DuckDB's chunks, of some 2,000 rows each. The store asks for the next when it has kept the one before. */
  async *#batches(result, rowCount, cells) {
    let rowsEmitted = 0
    try {
      for await (const chunk of result) {
        yield chunk.getRows().map((row) => row.map((cell, index) => cells[index].toCell(cell)))
        rowsEmitted += chunk.rowCount
      }
      if (rowsEmitted < rowCount) throw new Error(`DuckDB has given ${rowsEmitted} of ${rowCount} rows`)
      return { statistics: { documentsFound: rowsEmitted, rowsEmitted } }
    } finally {
      this.end()
    }
  }

  /** The query is stopped, is deleted or expires. DuckDB forgets an interrupt that comes before a statement has begun. */
  #interrupt = () => {
    this.#connection?.interrupt()
    this.#interrupts = setInterval(() => this.#connection?.interrupt(), 50)
  }
}

function bind(statement, position, { name, kind = 'value', value }) {
  try {
    if (kind !== 'value') throw new Error(`SQL knows no [${kind}] parameters`)
    const index = name === undefined ? position : statement.parameterIndex(name)
    // A plain number would be a DOUBLE.
    if (Number.isSafeInteger(value)) statement.bindValue(index, BigInt(value), BIGINT)
    else statement.bindValue(index, value)
  } catch (cause) {
    const reason = `parameter [${name ?? position}]: ${cause.message}`
    throw new QueryError('illegal_argument_exception', reason, { cause })
  }
}

/** DuckDB's messages begin with their kind. Every other kind is about the values of a query. */
const KINDS = {
  Parser: 'parsing_exception',
  Catalog: 'verification_exception',
  Binder: 'verification_exception',
  Permission: 'verification_exception',
  'Out of Memory': 'circuit_breaking_exception',
}

/** Faults of DuckDB itself, whose texts are for the log. */
const FAULTS = ['INTERNAL', 'FATAL', 'IO', 'INTERRUPT']

/** What the author of a query is told about an error. */
function told(error) {
  const [, kind] = /^([\w ]+) Error: /.exec(error.message) ?? []
  if (kind === undefined || FAULTS.includes(kind)) return error
  return new QueryError(KINDS[kind] ?? 'illegal_argument_exception', error.message.split('\n')[0], {
    cause: error,
  })
}
