import { tokenOf } from '../support/callers.mjs'
import { pathOf } from './asking.mjs'
import { queryText } from './engine.mjs'
import { exchange } from './exchange.mjs'
import { markOf } from './marks.mjs'
import { MANY_ROWS } from './settings.mjs'
import { Target } from './target.mjs'

/** How many requests it sends at a time. */
const AT_ONCE = 8

const OWNER = 'measurer'

/**
 * How much a memory store takes until it refuses: queries, and results of 20,000 rows. An empty store takes as much
 * after hours of load as before. If it takes less, it still counts queries that are gone.
 */
export async function capacityOf(place) {
  const store = new Target(place)
  try {
    return {
      queries: await countAccepted(store, 1, AT_ONCE),
      // One at a time: the number must not depend on which of several comes first.
      results: await countAccepted(store, MANY_ROWS, 1),
    }
  } finally {
    store.rest()
  }
}

async function countAccepted(store, rows, atOnce) {
  const token = tokenOf(OWNER)
  const ids = []
  let isFull = false
  const fill = async () => {
    while (!isFull) {
      const body = submission(rows)
      const answer = await exchange(store, { method: 'POST', path: '/_query/async', token, body })
      if (answer.status === 429) isFull = true
      else if (answer.status === 200) ids.push(answer.headers['x-elasticsearch-async-id'])
      else throw new Error(`a store that is filled up answers ${answer.status}: ${answer.body}`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, fill))
  const accepted = ids.length
  const remove = async () => {
    for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
      await exchange(store, { method: 'DELETE', path: pathOf(id), token })
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
