import { byId, h, icon, replace } from './dom.js'
import { ask } from './http.js'
import { pathOf } from './runs.js'
import { state, strangerOf, USERS } from './state.js'

/** How much of a body is shown, in characters. */
const MOST = 1_200

/** The same id, asked for by its owner, by a stranger, and an id that nobody has. */
export function makeStranger() {
  byId('ask-stranger').addEventListener('click', compare)
}

export function clearStranger() {
  replace(byId('stranger-answers'))
  byId('stranger-verdict').textContent = ''
  const isKnown = state.selected?.id !== undefined
  byId('ask-stranger').disabled = !isKnown
  byId('no-stranger').hidden = isKnown
  if (!byId('panel-stranger').hidden) void compare()
}

export async function compare() {
  const { id, user } = state.selected ?? {}
  if (id === undefined) return
  const stranger = strangerOf(user)
  // Without its rows, and without waiting for them.
  const look = '?wait_for_completion_timeout=0s&filter_path=-values&pretty'
  const unknown = unknownId(id)
  const requests = [
    ask(user, 'GET', pathOf({ id }) + look),
    ask(stranger, 'GET', pathOf({ id }) + look),
    ask(stranger, 'GET', pathOf({ id: unknown }) + look),
  ]
  const [own, foreign, nobody] = await Promise.all(requests).catch(() => [])
  if (!own || state.selected?.id !== id) return
  replace(
    byId('stranger-answers'),
    answer(`${USERS[user]}, the owner`, own),
    answer(`${USERS[stranger]}, with the same id`, foreign),
  )
  const isAlike =
    foreign.status === nobody.status && foreign.content.replaceAll(id, unknown) === nobody.content
  replace(
    byId('stranger-verdict'),
    icon(isAlike ? 'check' : 'alert'),
    isAlike
      ? `${USERS[stranger]} gets, byte for byte, the answer to an id that nobody has: nothing tells that the query exists.`
      : `${USERS[stranger]} gets another answer than for an id that nobody has.`,
  )
}

function answer(who, { status, content }) {
  const text = content.length > MOST ? `${content.slice(0, MOST)}…` : content
  return h(
    'article',
    { class: 'answer' },
    h('h3', {}, who, h('span', { class: `status s${String(status)[0]}` }, String(status))),
    h('pre', { tabindex: '0', 'aria-label': `Answer to ${who}` }, text),
  )
}

/** An id of the same form. Its first byte says how long its name is, so only a character of the name changes. */
function unknownId(id) {
  const at = Math.min(9, id.length - 1)
  return `${id.slice(0, at)}${id[at] === 'A' ? 'B' : 'A'}${id.slice(at + 1)}`
}
