import { byId, h, replace } from './dom.js'
import { phasePill } from './phase.js'
import { refreshList, select } from './runs.js'
import { onChange, runsOf, state, USERS } from './state.js'
import { plural, showElapsed } from './times.js'

/** How often the list of running queries is read while one runs that is not shown, in milliseconds. */
const REFRESH_MS = 3_000

/** The list of the user's queries. */
export function makeQueryList() {
  onChange('runs user selected', show)
  byId('refresh').addEventListener('click', refresh)
  setInterval(() => {
    const isHidden = (run) => run.phase === 'running' && run !== state.selected
    if (!document.hidden && runsOf(state.user).some(isHidden)) refresh()
  }, REFRESH_MS)
  show()
  refresh()
}

export function refresh() {
  refreshList(state.user).catch(() => {})
}

let shown = ''

function show() {
  const runs = runsOf(state.user)
  // What has not changed stays, so that nobody who reads it loses the place.
  const facts = runs.map((run) => [run === state.selected, run.id, run.query, run.phase, factOf(run)])
  const next = JSON.stringify([state.user, facts])
  if (next === shown) return
  shown = next
  const list = byId('query-list')
  const hasFocus = list.contains(document.activeElement)
  byId('query-list-title').textContent = `${USERS[state.user]}'s queries`
  byId('no-queries').hidden = runs.length > 0
  replace(list, ...runs.map(row))
  if (hasFocus) list.querySelector('[aria-current]')?.focus()
}

function row(run) {
  const isCurrent = run === state.selected
  const button = h(
    'button',
    {
      type: 'button',
      class: 'run',
      'aria-current': isCurrent && 'true',
      click: () => select(run),
      keydown: move,
    },
    h('code', { class: 'run-query', dir: 'auto' }, run.query),
    h('span', { class: 'run-facts' }, phasePill(run), h('span', {}, factOf(run))),
  )
  return h('li', {}, button)
}

function factOf({ values, tookMs }) {
  if (values) return `${plural(values.length, 'row')} in ${showElapsed(tookMs ?? 0)}`
  return ''
}

/** The arrows move within the list. */
function move(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (step === undefined) return
  event.preventDefault()
  const buttons = [...byId('query-list').querySelectorAll('button')]
  buttons[buttons.indexOf(event.currentTarget) + step]?.focus()
}
