import { send } from './composer.js'
import { byId, h, replace } from './dom.js'
import { refresh } from './query-list.js'
import { state, strangerOf } from './state.js'
import { nextTheme } from './theme.js'

const press = (id) => () => byId(id).click()

function toQuery() {
  byId('tab-console').click()
  byId('query').focus()
}

/** Keys that work wherever nothing is being written. */
const KEYS = {
  '?': ['Show this list', () => byId('help').showModal()],
  '/': ['Write a query', toQuery],
  e: ['Edit the query, and submit it again', press('edit')],
  w: ['Wait until the query is complete', press('action-wait')],
  s: ['Stop the query, and keep its rows so far', press('action-stop')],
  x: ['Delete the query', press('action-delete')],
  d: ['Download the result', press('download')],
  r: ['Read the list of running queries again', refresh],
  u: ['Go on as the other user', () => press(`user-${strangerOf(state.user)}`)()],
  a: ['Read about the API', press('tab-reference')],
  c: ['Back to the console', press('tab-console')],
  t: ['Change the colours', nextTheme],
}

const OTHERS = [
  ['Ctrl Enter', 'Submit the query'],
  ['Esc', 'End the wait for a query'],
  ['← →', 'Move between tabs, and along a chart'],
  ['↑ ↓ ← →', 'Move between cells of the table; with Ctrl to its edges'],
]

export function makeShortcuts() {
  document.addEventListener('keydown', onKey)
  byId('help-button').addEventListener('click', () => byId('help').showModal())
  byId('help-close').addEventListener('click', () => byId('help').close())
  const lines = [...OTHERS, ...Object.entries(KEYS).map(([key, [text]]) => [key, text])]
  const rows = lines.map(([keys, text]) =>
    h(
      'div',
      {},
      h(
        'dt',
        {},
        keys.split(' ').map((key) => h('kbd', {}, key)),
      ),
      h('dd', {}, text),
    ),
  )
  replace(byId('help-keys'), ...rows)
  if (/^(Mac|iP)/.test(navigator.platform)) {
    for (const key of document.querySelectorAll('kbd')) key.textContent = key.textContent.replace('Ctrl', '⌘')
  }
  const single = byId('single-keys')
  single.checked = localStorage.getItem('single-keys') !== 'off'
  single.addEventListener('change', () => localStorage.setItem('single-keys', single.checked ? 'on' : 'off'))
}

function onKey(event) {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    event.preventDefault()
    return byId('help').open || byId('panel-console').hidden ? undefined : send()
  }
  if (byId('help').open) return
  if (event.key === 'Escape') return state.selected?.wait?.abort()
  const isWriting = event.target.closest('input:not([type=radio]):not([type=checkbox]), textarea, select')
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey
  const [, action] = KEYS[event.key] ?? []
  if (!action || isWriting || !isPlain || !byId('single-keys').checked) return
  event.preventDefault()
  action()
}
