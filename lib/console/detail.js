import { copy } from './announce.js'
import { showChart } from './chart.js'
import { write } from './composer.js'
import { byId, h, replace, setText } from './dom.js'
import { download } from './downloads.js'
import { phasePill } from './phase.js'
import { ResultTable } from './result-table.js'
import { isOpen, remove, stop, toggleWait } from './runs.js'
import { onChange, state } from './state.js'
import { clearStranger } from './stranger.js'
import { showCount, showElapsed, showRemaining } from './times.js'

const TICK_MS = 100

let table
/** What the result panels show, so that nothing is drawn twice. */
let shown = ''

/** The query that is selected: its state, its numbers, and what can be done with it. */
export function makeDetail() {
  table = new ResultTable(byId('result'), 'Result')
  const act = (id, action) => {
    byId(id).addEventListener('click', ({ currentTarget }) => {
      if (currentTarget.ariaDisabled !== 'true') void action(state.selected)
    })
  }
  act('action-wait', toggleWait)
  act('action-stop', stop)
  act('action-delete', remove)
  act('download', download)
  act('edit', write)
  act('copy-id', ({ id }) => copy(id, 'the id'))
  onChange('runs selected', show)
  setInterval(tick, TICK_MS)
  show()
}

function show() {
  const run = state.selected
  byId('empty').hidden = run !== undefined
  byId('detail').hidden = run === undefined
  if (!run) return
  byId('detail').dataset.phase = run.phase
  setText(byId('detail-query'), run.query)
  if (byId('detail-phase').dataset.phase !== run.phase) showPhase(run)
  setText(byId('detail-id'), run.id ?? noId(run))
  byId('copy-id').hidden = run.id === undefined
  showActions(run)
  showProblem(run)
  showWarnings(run)
  showResult(run)
  tick()
}

function showPhase(run) {
  const place = byId('detail-phase')
  place.dataset.phase = run.phase
  replace(place, phasePill(run))
}

function showActions(run) {
  const isRunning = run.phase === 'running'
  const isThere = run.id !== undefined && !['deleted', 'gone'].includes(run.phase)
  const { wait } = run
  enable('action-wait', isRunning)
  byId('action-wait').setAttribute('aria-pressed', String(wait !== undefined))
  setText(byId('action-wait-label'), wait ? 'End the wait' : 'Wait')
  enable('action-stop', isRunning && !run.isStopping)
  enable('action-delete', isThere)
  enable('download', run.values !== undefined)
}

/** A button that is switched off keeps the focus, so that the keyboard does not lose its place. */
function enable(id, isEnabled) {
  byId(id).setAttribute('aria-disabled', String(!isEnabled))
}

function showProblem({ phase, error, problem }) {
  const fault = problem ?? (phase === 'failed' ? error : undefined)
  byId('problem').hidden = fault === undefined
  setText(byId('problem-type'), fault?.type ?? '')
  setText(byId('problem-reason'), fault?.reason ?? '')
}

function showWarnings({ warnings = [] }) {
  byId('warnings').hidden = warnings.length === 0
  const lines = warnings.map((text) => h('p', { dir: 'auto' }, text))
  replace(byId('warning-texts'), ...lines)
}

function noId(run) {
  if (isOpen(run)) return 'not known yet'
  return run.phase === 'failed' ? 'none' : 'none: the result is not kept'
}

const NOTHING = {
  submitting: 'The query is on its way.',
  running: 'The query runs. Its rows come when it is complete, or when you stop it.',
  failed: 'The query failed, so it has no rows.',
  deleted: 'The query is deleted. To its owner it is now as unknown as to a stranger.',
  gone: 'The gateway knows no such query any more: it has expired, somebody has deleted it, or the gateway has started again.',
}

function showResult(run) {
  const key = `${state.runs.length - state.runs.indexOf(run)} ${run.user} ${run.version} ${run.phase}`
  if (key === shown) return
  shown = key
  const { columns, values } = run
  const hasTable = values !== undefined && columns.length > 0
  byId('result').hidden = !hasTable
  byId('cell-bar').hidden = !hasTable
  byId('no-result').hidden = hasTable
  setText(byId('no-result'), values ? 'The result has no columns.' : (NOTHING[run.phase] ?? ''))
  if (hasTable) table.show(columns, values)
  showChart(hasTable ? { columns, values } : undefined)
  clearStranger()
}

/** The numbers that move. */
function tick() {
  const run = state.selected
  if (!run || byId('detail').hidden) return
  const now = Date.now()
  const elapsedMs = isOpen(run) ? now - run.startedMs : (run.tookMs ?? (run.endedMs ?? now) - run.startedMs)
  setText(byId('elapsed'), showElapsed(elapsedMs))
  setText(byId('documents-found'), showCount(run.documentsFound))
  setText(byId('row-count'), run.values ? showCount(run.values.length) : '–')
  const isThere = run.expiresMs !== undefined && !['deleted', 'gone'].includes(run.phase)
  setText(byId('expires'), isThere ? showRemaining(run.expiresMs - now) : '–')
  byId('expires').title = isThere ? new Date(run.expiresMs).toLocaleString() : ''
}
