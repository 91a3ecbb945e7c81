/**
 * Tabs of the WAI-ARIA pattern: arrows move between them, Home and End go to the first and the last. `onShow` gets the id of
 * the panel that is shown.
 */
export function makeTabs(list, onShow = () => {}) {
  const tabs = [...list.querySelectorAll('[role=tab]')]
  const show = (tab) => {
    for (const other of tabs) {
      const isShown = other === tab
      other.setAttribute('aria-selected', String(isShown))
      other.tabIndex = isShown ? 0 : -1
      document.getElementById(other.getAttribute('aria-controls')).hidden = !isShown
    }
    onShow(tab.getAttribute('aria-controls'))
  }
  const targets = {
    ArrowRight: (at) => tabs[(at + 1) % tabs.length],
    ArrowLeft: (at) => tabs[(at + tabs.length - 1) % tabs.length],
    Home: () => tabs[0],
    End: () => tabs.at(-1),
  }
  for (const [at, tab] of tabs.entries()) {
    tab.addEventListener('click', () => show(tab))
    tab.addEventListener('keydown', (event) => {
      const target = targets[event.key]?.(at)
      if (!target) return
      event.preventDefault()
      target.focus()
      show(target)
    })
  }
  return { show: (panel) => show(tabs.find((tab) => tab.getAttribute('aria-controls') === panel)) }
}
