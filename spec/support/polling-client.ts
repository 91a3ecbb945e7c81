/** A client as users write them, on `fetch`: it submits a query, and asks again until the query is done. */
export class PollingClient {
  constructor(readonly url: string) {}

  /** The rows of a query. Rejects with status and type of the error. */
  async load(query: string): Promise<unknown[][]> {
    return this.finish(await this.#ask('POST', '', { query }))
  }

  /** Submits a query without a wait, and keeps its result. */
  start(query: string): Promise<Body> {
    return this.#ask('POST', '', {
      query,
      wait_for_completion_timeout: '0s',
      keep_on_completion: true,
      keep_alive: '5m',
    })
  }

  /** Asks until the query is done. */
  async finish(body: Body): Promise<unknown[][]> {
    let last = body
    while (last.is_running) last = await this.#ask('GET', `/${body.id}?wait_for_completion_timeout=10s`)
    return last.values ?? []
  }

  /** Ends a query early. */
  stop({ id }: Body): Promise<Body> {
    return this.#ask('POST', `/${id}/stop`)
  }

  async #ask(method: string, target: string, body?: object): Promise<Body> {
    const response = await fetch(`${this.url}/_query/async${target}`, {
      method,
      headers: { authorization: 'Bearer mine', ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    })
    const answer = (await response.json()) as Body & { error: { type: string } }
    if (!response.ok) throw new Error(`${response.status} ${answer.error.type}`)
    return answer
  }
}

interface Body {
  id?: string
  is_running: boolean
  is_partial?: boolean
  values?: unknown[][]
}
