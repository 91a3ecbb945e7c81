import { addRun } from './runs.js'
import { onChange, state } from './state.js'

const STORED = 'runs'

/** What a reload keeps of each query. */
const KEPT = ['user', 'id', 'query', 'params', 'phase', 'startedMs']

/** Brings back what an earlier load of the page has kept, and keeps what changes from now on. */
export function keepRuns() {
  restore()
  onChange('runs', keep)
}

function keep() {
  const kept = state.runs.filter(({ id, phase }) => id !== undefined && !['deleted', 'gone'].includes(phase))
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
