import { h } from './dom.js'

const LABELS = {
  submitting: 'Submitting',
  running: 'Running',
  complete: 'Complete',
  partial: 'Stopped',
  failed: 'Failed',
  deleted: 'Deleted',
  gone: 'Gone',
}

/** The state of a query, in a word and a colour. */
export function phasePill({ phase }) {
  return h(
    'span',
    { class: `pill ${phase}` },
    h('span', { class: 'dot', 'aria-hidden': 'true' }),
    LABELS[phase],
  )
}
