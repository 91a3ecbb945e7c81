import { addRun } from './runs.js'
import { onChange, state } from './state.js'

const STORED = 'runs'

/** What a reload keeps of each query. */
const KEPT = ['user', 'id', 'query', 'params', 'phase', 'startedMs']

/** Gets tokens and sample queries. Where others can reach the gateway, it wants the key of the link that it printed. */
export async function loadSession() {
  const response = await fetch('_console/session.json', { headers: { 'x-console-key': takeKey() } })
  if (!response.ok) throw new Error('locked')
  state.session = await response.json()
  restore()
  onChange('runs', keep)
}

/** The key leaves the address, so that nobody copies it with the link, and stays for reloads. */
function takeKey() {
  const [, key] = /^#key=([\w-]+)$/.exec(location.hash) ?? []
  if (key) {
    sessionStorage.setItem('key', key)
    history.replaceState(null, '', location.pathname)
  }
  return sessionStorage.getItem('key') ?? ''
}

function keep() {
  const kept = state.runs.filter(({ id, phase }) => id !== undefined && phase !== 'deleted')
  const fields = kept.map((run) => KEPT.map((name) => [name, run[name]]))
  const stored = { run: state.session.run, user: state.user, fields }
  sessionStorage.setItem(STORED, JSON.stringify(stored))
}

/** Queries of an earlier run of the gateway are gone. */
function restore() {
  const { run, user, fields } = JSON.parse(sessionStorage.getItem(STORED) ?? '{}')
  if (run !== state.session.run) return
  state.user = user
  // Their rows come again with the next look at each.
  for (const entries of fields.reverse()) addRun({ ...Object.fromEntries(entries), phase: 'running' })
}
