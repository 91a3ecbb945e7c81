import { tokenOf } from '../support/callers.mjs'
import { queryText } from './engine.mjs'
import { markOf } from './marks.mjs'
import { MANY_ROWS } from './settings.mjs'

/** Requests that are sent at the same time. */
const AT_ONCE = 8

const OWNER = 'measurer'

/**
 * How much a memory store takes until it refuses: queries, and results of 20,000 rows. An empty one takes as much
 * after hours of load as before, so less tells of queries that are gone and still counted.
 */
export async function capacityOf({ port, prefix }) {
  const url = `http://127.0.0.1:${port}${prefix}/_query/async`
  const headers = { authorization: `Bearer ${tokenOf(OWNER)}`, 'content-type': 'application/json' }
  return {
    queries: await countAccepted({ url, headers, rows: 1 }),
    // The exact number must not depend on which of several at once came first.
    results: await countAccepted({ url, headers, rows: MANY_ROWS }, 1),
  }
}

async function countAccepted({ url, headers, rows }, atOnce = AT_ONCE) {
  const ids = []
  let isFull = false
  const fill = async () => {
    while (!isFull) {
      const answer = await fetch(url, { method: 'POST', headers, body: submission(rows) })
      const { id, status, error } = await answer.json()
      if (answer.status === 429) isFull = true
      else if (answer.status === 200) ids.push(id)
      else throw new Error(`a store that is filled up answers ${status}: ${JSON.stringify(error)}`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, fill))
  const accepted = ids.length
  const remove = async () => {
    for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
      await (await fetch(`${url}/${encodeURIComponent(id)}`, { method: 'DELETE', headers })).arrayBuffer()
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, remove))
  return accepted
}

function submission(rows) {
  return JSON.stringify({
    query: queryText({ mark: markOf(OWNER, 0), rows, runMs: 0, outcome: 'completes' }),
    keep_on_completion: true,
    keep_alive: '10m',
    wait_for_completion_timeout: '30s',
  })
}
