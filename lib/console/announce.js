import { byId, h, icon } from './dom.js'

const TOAST_MS = 6_000

/** Says something to those who listen to the page. */
export function announce(text) {
  byId('announcer').textContent = text
}

/** Shows something for a while, and says it. */
export function toast(text, kind = 'info') {
  announce(text)
  const box = h(
    'div',
    { class: `toast ${kind}` },
    icon(kind === 'error' ? 'alert' : 'check'),
    h('span', {}, text),
  )
  byId('toasts').append(box)
  setTimeout(() => box.remove(), TOAST_MS)
}

export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text)
    toast(`Copied ${what}`)
  } catch {
    toast(`The browser does not let this page copy ${what}`, 'error')
  }
}
