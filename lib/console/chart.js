import { axesOf, MOST_BARS, pointsOf } from './chart-data.js'
import { byId, h, replace } from './dom.js'
import { drawLine } from './line-chart.js'
import { plural } from './times.js'

let result

/** The chart of the result that is shown. */
export function makeChart() {
  byId('chart-x').addEventListener('change', draw)
  byId('chart-y').addEventListener('change', draw)
  let width = 0
  new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width === width) return
    width = contentRect.width
    draw()
  }).observe(byId('chart'))
}

export function showChart(next) {
  result = next
  const axes = result && axesOf(result)
  byId('chart-controls').hidden = byId('chart-figure').hidden = !axes
  byId('no-chart').hidden = axes !== undefined
  if (!axes) return
  const option = (chosen) => (column) =>
    h('option', { value: String(result.columns.indexOf(column)), selected: column === chosen }, column.name)
  replace(byId('chart-y'), ...axes.ys.map(option(axes.y)))
  const byRow = h('option', { value: '-1', selected: axes.x === undefined }, 'Row number')
  replace(byId('chart-x'), byRow, ...axes.xs.map(option(axes.x)))
  draw()
}

function draw() {
  if (!result || byId('panel-chart').hidden || byId('chart-figure').hidden) return
  const y = result.columns[Number(byId('chart-y').value)]
  const x = result.columns[Number(byId('chart-x').value)]
  const { kind, points, count } = pointsOf(result, x, y)
  const title = `${y.name} by ${x?.name ?? 'row number'}`
  const first = kind === 'bars' && count > MOST_BARS ? `, the first ${MOST_BARS}` : ''
  replace(byId('chart-caption'), h('strong', {}, title), ` · ${plural(count, 'value')}${first}`)
  if (kind === 'bars') drawBars(points, title)
  else drawLine(byId('chart'), points, { title, isTime: x !== undefined })
}

/** A list of names, bars and numbers, from a common zero. */
function drawBars(points, title) {
  const least = Math.min(0, ...points.map(({ y }) => y))
  const span = Math.max(0, ...points.map(({ y }) => y)) - least || 1
  const share = (value) => `${(value / span) * 100}%`
  const bars = points.map(({ label, y, text }) => {
    const bar = h('span', { class: y < 0 ? 'beam negative' : 'beam', 'aria-hidden': 'true' })
    bar.style.left = share(Math.min(0, y) - least)
    bar.style.width = share(Math.abs(y))
    return h(
      'li',
      {},
      h('span', { class: 'bar-label', title: label, dir: 'auto' }, label),
      h('span', { class: 'bar-track' }, bar),
      h('span', { class: 'bar-value' }, text),
    )
  })
  replace(byId('chart'), h('ol', { class: 'bars', 'aria-label': title }, ...bars))
}

export { draw as redrawChart }
