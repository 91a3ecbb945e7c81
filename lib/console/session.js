import { state } from './state.js'

/** Gets tokens and sample queries. Where others can reach the gateway, it wants the key of the link that it printed. */
export async function loadSession() {
  const response = await fetch('_console/session.json', { headers: { 'x-console-key': takeKey() } })
  if (!response.ok) throw new Error('locked')
  state.session = await response.json()
}

/**
 * The token of a user that the gateway takes in place of `refused`: it has others when it has started again. `undefined` if it has
 * none.
 */
export async function tokenAfter(refused, user) {
  if (state.session.tokens[user] === refused) await loadSession().catch(() => {})
  const token = state.session.tokens[user]
  return token === refused ? undefined : token
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
