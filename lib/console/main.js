import { makeChart, redrawChart } from './chart.js'
import { makeComposer } from './composer.js'
import { makeDetail } from './detail.js'
import { byId } from './dom.js'
import { keepRuns } from './kept-runs.js'
import { makePages } from './pages.js'
import { makeQueryList } from './query-list.js'
import { makeRequests, showRequests } from './requests.js'
import { select, switchUser } from './runs.js'
import { loadSession } from './session.js'
import { makeShortcuts } from './shortcuts.js'
import { runsOf, state } from './state.js'
import { compare, makeStranger } from './stranger.js'
import { makeTabs } from './tabs.js'
import { makeTheme } from './theme.js'

const ENGINES = {
  cluster: 'in front of a cluster',
  catalogue: 'queries of a catalogue',
  samples: 'sample queries',
}

const ON_SHOW = {
  'panel-chart': redrawChart,
  'panel-stranger': () => void compare(),
  'panel-requests': showRequests,
}

makeTheme()
makePages()
// A link with a key that is opened in this tab loads nothing by itself.
addEventListener('hashchange', () => {
  if (location.hash.startsWith('#key=')) location.reload()
})
try {
  await loadSession()
  start()
} catch (error) {
  byId('locked').hidden = false
  byId('console-body').hidden = true
  if (error.message !== 'locked') throw error
}

function start() {
  keepRuns()
  byId('engine').textContent = ENGINES[state.session.serves]
  if (!state.session.hasArrow) byId('format-arrow').remove()
  makeTabs(byId('results'), (panel) => ON_SHOW[panel]?.())
  makeChart()
  makeStranger()
  makeRequests()
  makeDetail()
  makeComposer()
  for (const user of ['alice', 'mallory']) {
    byId(`user-${user}`).checked = user === state.user
    byId(`user-${user}`).addEventListener('change', () => switchUser(user))
  }
  makeQueryList()
  makeShortcuts()
  select(runsOf(state.user)[0])
}
