import { tokenAfter } from './session.js'
import { changed, state } from './state.js'

const MOST_EXCHANGES = 200

/** How much of an answer the list of requests shows, in characters. */
const EXCERPT = 600

let count = 0

/**
 * Asks the gateway as a user, and puts the exchange on the list. Resolves with the answer, whatever its status. Rejects
 * when there is none.
 */
export async function ask(user, method, path, options = {}) {
  const token = state.session.tokens[user]
  const answer = await exchange(user, token, method, path, options)
  const next = answer.status === 401 ? await tokenAfter(token, user) : undefined
  return next === undefined ? answer : exchange(user, next, method, path, options)
}

async function exchange(user, token, method, path, { body, signal, as = 'text' }) {
  const url = new URL(path, document.baseURI).href
  const headers = { authorization: `Bearer ${token}` }
  if (body !== undefined) headers['content-type'] = 'application/json'
  const entry = note({ user, method, url, body })
  const startMs = performance.now()
  try {
    const response = await fetch(url, { method, headers, body, signal, cache: 'no-store' })
    entry.status = response.status
    const content = await response[as]()
    entry.excerpt = as === 'text' ? content.slice(0, EXCERPT) : ''
    return { status: response.status, headers: response.headers, content }
  } catch (error) {
    entry.failure = signal?.aborted ? 'ended by you' : 'no answer'
    throw error
  } finally {
    entry.tookMs = performance.now() - startMs
    changed('exchanges')
  }
}

/** A request that repeats the one before it adds to its count. */
function note(request) {
  const last = state.exchanges[0]
  const repeats = last && ['user', 'method', 'url', 'body'].every((name) => last[name] === request[name])
  if (repeats) {
    last.times += 1
    last.status = last.failure = undefined
    changed('exchanges')
    return last
  }
  count += 1
  const entry = { ...request, number: count, times: 1 }
  state.exchanges.unshift(entry)
  state.exchanges.length = Math.min(state.exchanges.length, MOST_EXCHANGES)
  changed('exchanges')
  return entry
}
