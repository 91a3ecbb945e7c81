import { copy } from './announce.js'
import { curlLine } from './curl.js'
import { byId, h, icon, replace } from './dom.js'
import { onChange, state, USERS } from './state.js'
import { showElapsed } from './times.js'

/** Every HTTP exchange of the page, as a line for a shell. */
export function makeRequests() {
  let isDue = false
  onChange('exchanges', () => {
    if (isDue) return
    isDue = true
    requestAnimationFrame(() => {
      isDue = false
      showRequests()
    })
  })
}

export function showRequests() {
  const list = byId('requests')
  byId('request-count').textContent = String(state.exchanges.length)
  if (byId('panel-requests').hidden) return
  // What a person reads or has focused stays in its place.
  const held = new Map([...list.children].map((item) => [item.dataset.key, item]))
  const items = state.exchanges.map((entry) => {
    const key = keyOf(entry)
    return held.get(key) ?? item(entry, key)
  })
  const focused = document.activeElement?.closest('[data-number]')?.dataset.number
  replace(list, ...items)
  if (focused) list.querySelector(`[data-number="${focused}"] button`)?.focus({ preventScroll: true })
}

const keyOf = ({ number, times, status, failure, tookMs }) => [number, times, status, failure, tookMs].join()

function item(entry, key) {
  const { number, user, method, url, status, failure, tookMs, times, excerpt } = entry
  const token = state.session.tokens[user]
  const line = curlLine(entry, `${token.slice(0, 8)}…`)
  const { pathname, search } = new URL(url)
  const outcome = failure ?? (status === undefined ? 'under way' : String(status))
  return h(
    'li',
    { class: 'request', 'data-key': key, 'data-number': String(number) },
    h(
      'div',
      { class: 'request-head' },
      h('span', { class: `method ${method.toLowerCase()}` }, method),
      h('code', { class: 'path' }, pathname + search),
      h('span', { class: 'who' }, USERS[user]),
      times > 1 && h('span', { class: 'times' }, `× ${times}`),
      h('span', { class: `status s${String(status ?? 0)[0]}` }, outcome),
      h('span', { class: 'took' }, tookMs === undefined ? '' : showElapsed(tookMs)),
    ),
    h(
      'div',
      { class: 'curl' },
      h('code', {}, line),
      h(
        'button',
        {
          type: 'button',
          class: 'quiet',
          'aria-label': `Copy curl line ${number}, with the token`,
          title: 'Copy, with the token',
          click: () => copy(curlLine(entry, token), 'the curl line, with the token'),
        },
        icon('copy'),
      ),
    ),
    excerpt && h('details', {}, h('summary', {}, 'Answer'), h('pre', { tabindex: '0' }, excerpt)),
  )
}
