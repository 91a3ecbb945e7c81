import { byId, h, replace } from './dom.js'
import { submit } from './runs.js'
import { state } from './state.js'

/** A reload keeps what is written. */
const DRAFT = 'draft'

/** The form of a new query. */
export function makeComposer() {
  const form = byId('composer')
  const query = byId('query')
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    send()
  })
  byId('params').addEventListener('input', checkParams)
  replace(byId('samples'), ...state.session.queries.map(sample))
  byId('sample-group').hidden = state.session.queries.length === 0
  const [first] = state.session.queries
  query.value = sessionStorage.getItem(DRAFT) ?? first?.usage ?? 'FROM logs | LIMIT 100'
  markSample()
  query.addEventListener('input', markSample)
}

export function send() {
  const query = byId('query')
  if (query.value.trim() === '') {
    query.setCustomValidity('Write a query, or pick a sample')
    query.reportValidity()
    query.setCustomValidity('')
    return
  }
  if (!checkParams()) return byId('params').focus()
  void submit({
    query: query.value,
    params: byId('params').value.trim(),
    wait: byId('wait').value.trim(),
    keepAlive: byId('keep-alive').value.trim(),
    keepOnCompletion: byId('keep-on-completion').checked,
  })
  // On a small screen, it is below the form.
  byId('detail').scrollIntoView({ block: 'nearest' })
}

/** Puts a query into the form, to be changed and submitted. */
export function write({ query, params }) {
  byId('query').value = query
  byId('params').value = params ?? ''
  byId('params-group').open = Boolean(params)
  checkParams()
  markSample()
  byId('query').focus()
}

function sample({ usage, shows, params }) {
  const pick = () => write({ query: usage, params })
  return h(
    'li',
    {},
    h(
      'button',
      { type: 'button', class: 'sample', 'data-usage': usage, click: pick },
      h('code', {}, usage),
      h('span', { class: 'shows' }, shows ?? ''),
    ),
  )
}

/** Shows which sample the query is. */
function markSample() {
  sessionStorage.setItem(DRAFT, byId('query').value)
  for (const button of byId('samples').querySelectorAll('button')) {
    button.setAttribute('aria-pressed', String(button.dataset.usage === byId('query').value))
  }
}

function checkParams() {
  const params = byId('params')
  const problem = problemOf(params.value.trim())
  byId('params-problem').textContent = problem
  params.setAttribute('aria-invalid', String(problem !== ''))
  return problem === ''
}

function problemOf(text) {
  if (text === '') return ''
  try {
    return Array.isArray(JSON.parse(text)) ? '' : 'The parameters must be an array'
  } catch {
    return 'This is no JSON yet'
  }
}
