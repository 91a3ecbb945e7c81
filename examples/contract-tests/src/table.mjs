import { randomUUID } from 'node:crypto'
import { errors } from '@elastic/elasticsearch'

/** The rows of a query, for a page that shows them: `state` says what the page says above them. */
export class Table {
  state = 'loading'
  rows = []
  #client
  #query
  #id

  constructor(client, query) {
    this.#client = client
    this.#query = query
  }

  /** Runs the query, and follows it to its end. */
  async load() {
    await this.#show(() =>
      this.#client.esql.asyncQuery(
        { query: this.#query, keep_on_completion: true, keep_alive: '5m' },
        // The client sends a submit again whose answer is lost. With a key, the query still runs once.
        { headers: { 'Idempotency-Key': randomUUID() } },
      ),
    )
    while (this.state === 'loading') await this.reload()
  }

  /** Asks for the query again. */
  async reload() {
    await this.#show(() =>
      this.#client.esql.asyncQueryGet({ id: this.#id, wait_for_completion_timeout: '30s' }),
    )
  }

  /** Ends the query, and keeps the rows that it has found. */
  async stop() {
    await this.#show(() => this.#client.esql.asyncQueryStop({ id: this.#id }))
  }

  async #show(ask) {
    try {
      const { id, is_running: isRunning, is_partial: isPartial, values = [] } = await ask()
      this.#id = id
      if (isRunning) return
      this.rows = values
      this.state = isPartial ? 'partial' : 'done'
    } catch (error) {
      this.state = told(error)
    }
  }
}

/** What people are told about an error. */
function told(error) {
  if (!(error instanceof errors.ResponseError)) return 'no connection'
  const { reason } = error.body?.error ?? {}
  if (error.statusCode === 401) return 'log in again'
  if (error.statusCode === 404) return 'expired, run it again'
  if (error.statusCode === 429) return `busy, try again in ${error.headers['retry-after']} s`
  return `failed: ${reason ?? error.statusCode}`
}
