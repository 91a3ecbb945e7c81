import { byId } from './dom.js'
import { showReference } from './reference.js'
import { makeTabs } from './tabs.js'

const REFERENCE = '#api/'

/** Where the reference was left. */
let place = `${REFERENCE}overview`

const isAtReference = () => location.hash.startsWith(REFERENCE)

/** The console and the reference. Each has an address, so that links, reloads, back and forward lead to it. */
export function makePages() {
  const { show } = makeTabs(byId('pages'), (panel) => {
    if (panel === 'panel-reference') openReference()
    else if (isAtReference()) leaveReference()
  })
  const follow = () => {
    const panel = isAtReference() ? 'panel-reference' : 'panel-console'
    if (byId(panel).hidden) show(panel)
  }
  addEventListener('popstate', follow)
  follow()
}

function openReference() {
  if (!isAtReference()) location.hash = place
  void showReference()
}

function leaveReference() {
  place = location.hash
  history.pushState(null, '', location.pathname)
}
