import { announce } from './announce.js'
import { byId } from './dom.js'

const NEXT = { auto: 'light', light: 'dark', dark: 'auto' }
const LABELS = { auto: 'as the system', light: 'light', dark: 'dark' }

export function makeTheme() {
  byId('theme').addEventListener('click', nextTheme)
  label()
}

export function nextTheme() {
  const { dataset } = document.documentElement
  dataset.theme = NEXT[dataset.theme]
  localStorage.setItem('theme', dataset.theme)
  label()
  announce(`Colours: ${LABELS[dataset.theme]}`)
}

function label() {
  const text = `Colours: ${LABELS[document.documentElement.dataset.theme]}`
  byId('theme').setAttribute('aria-label', text)
  byId('theme').title = text
}
