import { QueryError } from 'express-esql-async-query'

const QUERY = 'FROM orders | STATS revenue = SUM(amount) BY region'

/** The statement of the one query that this engine knows. It takes as long as its parameter says, in seconds. */
const STATEMENT = `SELECT region, sum(amount)::bigint AS revenue FROM replicas_example.orders, pg_sleep($1)
  GROUP BY region ORDER BY region`

/** Only what users may ask becomes SQL. Otherwise they could read the tables of the store, which have all results. */
export const createEngine =
  ({ pool, name }) =>
  async ({ query, params = [] }, { signal }) => {
    if (query !== QUERY) throw new QueryError('verification_exception', `Unknown query, try [${QUERY}]`)
    const [{ value: seconds } = { value: 0 }] = params
    if (typeof seconds !== 'number') {
      throw new QueryError('illegal_argument_exception', 'The parameter must be a number of seconds')
    }
    const client = await pool.connect()
    // A statement is cancelled from another connection.
    const cancel = () =>
      void pool
        .query('SELECT pg_cancel_backend($1)', [client.processID])
        .catch((error) => console.error(error))
    signal.addEventListener('abort', cancel)
    try {
      signal.throwIfAborted()
      const { rows } = await client.query({ text: STATEMENT, values: [seconds], rowMode: 'array' })
      return { columns: COLUMNS, values: rows.map((row) => [...row, name]) }
    } finally {
      signal.removeEventListener('abort', cancel)
      // The connection of a statement that is being cancelled serves no other.
      client.release(signal.aborted)
    }
  }

const COLUMNS = [
  { name: 'region', type: 'keyword' },
  { name: 'revenue', type: 'long' },
  { name: 'found_by', type: 'keyword' },
]
