import { announce, toast } from './announce.js'
import { parseExact } from './exact-json.js'
import { ask } from './http.js'
import { changed, runsOf, state, USERS } from './state.js'
import { plural } from './times.js'
import { warningsOf } from './warnings.js'

/** The rows of older queries would fill the memory of the page. */
const MOST_RUNS = 100

/** How long each get of a query that is watched waits. */
const WATCH = '1s'

/** The time until the next try after an answer that says nothing about the query, in milliseconds. */
const RETRY_MS = 2_000

const NO_TOKEN =
  'The gateway does not take the tokens of this page any more. Start it again if it is 12 hours old; reload the page.'

const NO_ANSWER = 'The gateway did not answer. See whether it still runs.'

/** Answers about the request, not about the query. */
const PASSING = [401, 403, 429, 503]

export const isOpen = ({ phase }) => phase === 'submitting' || phase === 'running'

/** Adds a query to those of a user. */
export function addRun(fields) {
  const run = { phase: 'running', startedMs: Date.now(), documentsFound: 0, version: 0, ...fields }
  state.runs.unshift(run)
  state.runs.length = Math.min(state.runs.length, MOST_RUNS)
  return run
}

export function select(run) {
  state.selected = run
  changed('selected')
  changed('runs')
  if (run?.phase === 'running') void watch(run)
}

export function switchUser(user) {
  state.user = user
  changed('user')
  select(runsOf(user)[0])
}

/** Starts a query. `params` is JSON text, which is sent as it is. */
export async function submit({ query, params, wait, keepAlive, keepOnCompletion }) {
  const run = addRun({ user: state.user, query, params, phase: 'submitting' })
  select(run)
  announce('Submitted the query')
  const fields = [['query', JSON.stringify(query)]]
  if (params) fields.push(['params', params])
  if (wait) fields.push(['wait_for_completion_timeout', JSON.stringify(wait)])
  if (keepAlive) fields.push(['keep_alive', JSON.stringify(keepAlive)])
  fields.push(['keep_on_completion', String(keepOnCompletion)])
  const body = `{${fields.map(([name, text]) => `"${name}":${text}`).join(',')}}`
  await settle(run, () => ask(run.user, 'POST', '_query/async', { body }))
  if (run.phase === 'submitting') {
    update(run, { phase: 'failed', error: run.problem })
    changed('runs')
  }
  if (run === state.selected && run.phase === 'running') void watch(run)
}

/** Asks for the state of a query again and again, while it is the one that is shown. */
export async function watch(run) {
  if (run.isWatched) return
  run.isWatched = true
  while (run.phase === 'running' && run === state.selected && !run.wait) {
    const isAnswered = await get(run, WATCH)
    if (!isAnswered) await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }
  run.isWatched = false
}

/** Waits until a query is complete, in one request. When it waits already, ends that wait. */
export async function toggleWait(run) {
  if (run.wait) return run.wait.abort()
  run.wait = new AbortController()
  changed('runs')
  announce('Waits until the query is complete')
  await get(run, undefined, run.wait.signal)
  run.wait = undefined
  changed('runs')
  void watch(run)
}

export async function stop(run) {
  run.isStopping = true
  changed('runs')
  await settle(run, () => ask(run.user, 'POST', `${pathOf(run)}/stop`))
  run.isStopping = false
  changed('runs')
}

export async function remove(run) {
  run.wait?.abort()
  const answer = await settle(run, () => ask(run.user, 'DELETE', pathOf(run)), 'deleted')
  if (!answer) toast(run.problem?.reason ?? 'The query was not deleted', 'error')
}

/** Asks for the state of a query once. */
export function get(run, wait, signal) {
  const query = wait === undefined ? '' : `?wait_for_completion_timeout=${wait}`
  return settle(run, () => ask(run.user, 'GET', pathOf(run) + query, { signal }))
}

export function pathOf({ id }) {
  return `_query/async/${encodeURIComponent(id)}`
}

/** Brings in the queries of a user that run in the gateway, also those that were submitted elsewhere. */
export async function refreshList(user) {
  const { status, content } = await ask(user, 'GET', '_query/queries')
  if (status !== 200) return
  const { queries } = parseExact(content)
  const known = runsOf(user)
  // It may be on the list, and its id is not known yet.
  if (known.some(({ phase }) => phase === 'submitting')) return
  for (const [id, { query, start_time_millis }] of Object.entries(queries)) {
    if (!known.some((run) => run.id === id)) addRun({ user, id, query, startedMs: start_time_millis })
  }
  const left = known.filter((run) => run.phase === 'running' && !(run.id in queries) && !run.isWatched)
  for (const run of left) await get(run, '0s')
  changed('runs')
}

/** Sends a request about a query and takes in what the answer says. Returns whether it said something about it. */
async function settle(run, send, phaseAfter) {
  run.problem = undefined
  try {
    const { status, headers, content } = await send()
    const document = parseBody(content)
    const error = status < 400 ? undefined : errorOf(document, status)
    if (run.phase === 'deleted') return true
    if (error && PASSING.includes(status) && !(await hasEnded(run))) run.problem = error
    else if (error?.type === 'resource_not_found_exception' && run.id) update(run, { phase: 'gone' })
    else if (error) update(run, { phase: 'failed', error })
    else if (phaseAfter) update(run, { phase: phaseAfter, values: undefined })
    else takeState(run, document, warningsOf(headers))
  } catch (cause) {
    if (cause.name !== 'AbortError') run.problem = { type: 'no answer', reason: NO_ANSWER }
  }
  changed('runs')
  return run.problem === undefined
}

/** A query may have failed with an error that says otherwise nothing about it. Then it does not run any more. */
async function hasEnded({ id, user }) {
  if (id === undefined) return false
  const { status } = await ask(user, 'GET', `_query/queries/${encodeURIComponent(id)}`)
  return status === 404
}

function takeState(run, document, warnings) {
  const isRunning = document.is_running === true
  update(run, {
    id: document.id ?? run.id,
    phase: isRunning ? 'running' : document.is_partial ? 'partial' : 'complete',
    startedMs: document.start_time_in_millis ?? run.startedMs,
    tookMs: document.took,
    documentsFound: document.documents_found ?? run.documentsFound,
    expiresMs: document.expiration_time_in_millis,
    columns: isRunning ? undefined : document.columns,
    values: isRunning ? undefined : document.values,
    warnings,
  })
}

function update(run, fields) {
  const wasOpen = isOpen(run)
  if (fields.phase !== run.phase) run.version += 1
  Object.assign(run, fields)
  if (wasOpen && !isOpen(run)) {
    run.endedMs = Date.now()
    announce(`${USERS[run.user]}'s query ${outcomeOf(run)}`)
  }
}

/** How a query ended, for those who listen. */
function outcomeOf({ phase, values = [], error }) {
  if (phase === 'failed') return `failed: ${error?.reason ?? ''}`
  if (phase === 'deleted' || phase === 'gone') return `is ${phase}`
  return `is ${phase === 'partial' ? 'stopped' : phase}: ${plural(values.length, 'row')}`
}

function parseBody(text) {
  try {
    return parseExact(text)
  } catch {
    return {}
  }
}

function errorOf({ error }, status) {
  if (status === 401) return { type: error?.type, reason: NO_TOKEN }
  if (typeof error === 'string') return { type: `HTTP ${status}`, reason: error }
  return { type: error?.type ?? `HTTP ${status}`, reason: reasonsOf(error), status }
}

/** A reason, and the reasons behind it, which say the most. */
function reasonsOf(error) {
  const reasons = []
  for (let cause = error; cause; cause = cause.caused_by) reasons.push(cause.reason ?? '')
  return [...new Set(reasons)].join('\n')
}
