import { ticksOf } from './chart-data.js'
import { h, replace, setText, svg } from './dom.js'

const HEIGHT = 320
/** More points than these are a line without dots. */
const MOST_DOTS = 40
const MARGIN = { top: 16, right: 16, bottom: 32, left: 64 }

/** A line of points, which a pointer or the arrows read one by one. */
export function drawLine(host, points, { title, isTime }) {
  if (points.length === 0) return replace(host)
  const width = Math.max(280, host.clientWidth)
  const scales = scalesOf(points, width)
  const { toX, toY, yTicks } = scales
  const cursor = svg(
    'g',
    { class: 'cursor' },
    svg('line', { y1: MARGIN.top, y2: toY(yTicks[0]) }),
    svg('circle', { r: 4.5 }),
  )
  const drawing = svg(
    'svg',
    { class: 'line-chart', viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, 'aria-hidden': 'true' },
    axes(scales, width, isTime),
    curve(points, scales),
    cursor,
  )
  const reading = h('p', { class: 'reading' })
  const slider = h('div', { class: 'plot', role: 'slider', tabindex: '0', 'aria-label': title }, drawing)
  slider.setAttribute('aria-valuemin', '1')
  slider.setAttribute('aria-valuemax', String(points.length))
  const place = (at) => {
    const { x, y, label, text } = points[at]
    cursor.firstChild.setAttribute('transform', `translate(${toX(x)} 0)`)
    cursor.lastChild.setAttribute('transform', `translate(${toX(x)} ${toY(y)})`)
    slider.setAttribute('aria-valuenow', String(at + 1))
    slider.setAttribute('aria-valuetext', `${label}: ${text}`)
    setText(reading, `${label}: ${text}`)
  }
  readWith(slider, points, { place, toX, width })
  place(points.length - 1)
  replace(host, slider, reading)
}

function readWith(slider, points, { place, toX, width }) {
  let at = points.length - 1
  const go = (next) => {
    at = Math.min(points.length - 1, Math.max(0, next))
    place(at)
  }
  slider.addEventListener('pointermove', ({ clientX }) => {
    const { left, width: shown } = slider.firstChild.getBoundingClientRect()
    const x = ((clientX - left) / shown) * width
    const distance = (point) => Math.abs(toX(point.x) - x)
    go(
      points.reduce(
        (nearest, point, index) => (distance(point) < distance(points[nearest]) ? index : nearest),
        0,
      ),
    )
  })
  slider.addEventListener('keydown', (event) => {
    const page = Math.ceil(points.length / 10)
    const targets = { ArrowRight: at + 1, ArrowUp: at + 1, ArrowLeft: at - 1, ArrowDown: at - 1 }
    Object.assign(targets, { PageUp: at + page, PageDown: at - page, Home: 0, End: points.length - 1 })
    const target = targets[event.key]
    if (target === undefined) return
    event.preventDefault()
    go(target)
  })
}

function scalesOf(points, width) {
  const ys = points.map(({ y }) => y)
  const yTicks = ticksOf(Math.min(...ys), Math.max(...ys))
  const [left, right] = [points[0].x, points.at(-1).x]
  const [low, high] = [yTicks[0], yTicks.at(-1)]
  const inner = width - MARGIN.left - MARGIN.right
  const toX = (x) => MARGIN.left + (right === left ? 0.5 : (x - left) / (right - left)) * inner
  const toY = (y) =>
    HEIGHT - MARGIN.bottom - ((y - low) / (high - low)) * (HEIGHT - MARGIN.top - MARGIN.bottom)
  const count = Math.max(2, Math.floor(inner / 130))
  const xTicks = Array.from({ length: count }, (_, at) => left + ((right - left) * at) / (count - 1))
  return { toX, toY, yTicks, xTicks: right === left ? [left] : xTicks }
}

function axes({ toX, toY, xTicks, yTicks }, width, isTime) {
  const last = xTicks.length - 1
  const labels = xTicks.map((value, at) => {
    // The outer labels end where the drawing does.
    const anchor = at === 0 ? 'start' : at === last ? 'end' : 'middle'
    const text = isTime ? showTime(value, xTicks) : showNumber(value)
    return svg('text', { x: toX(value), y: HEIGHT - 8, 'text-anchor': anchor }, text)
  })
  return svg('g', {}, ...yTicks.map((value) => gridLine(toY(value), width, showNumber(value))), ...labels)
}

function curve(points, { toX, toY, yTicks }) {
  const line = `M${points.map(({ x, y }) => `${toX(x).toFixed(1)} ${toY(y).toFixed(1)}`).join('L')}`
  const floor = toY(yTicks[0])
  const area = `${line}L${toX(points.at(-1).x)} ${floor}L${toX(points[0].x)} ${floor}Z`
  const dots = points.length <= MOST_DOTS ? points : []
  return svg(
    'g',
    {},
    svg('path', { class: 'area', d: area }),
    svg('path', { class: 'line', d: line }),
    ...dots.map(({ x, y }) => svg('circle', { class: 'point', cx: toX(x), cy: toY(y), r: 3 })),
  )
}

function gridLine(y, width, text) {
  return svg(
    'g',
    { class: 'grid-line' },
    svg('line', { x1: MARGIN.left, x2: width - MARGIN.right, y1: y, y2: y }),
    svg('text', { x: MARGIN.left - 10, y: y + 4, 'text-anchor': 'end' }, text),
  )
}

const NUMBER = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 2 })

const showNumber = (value) => NUMBER.format(value)

/** Days, and minutes where the whole axis is shorter than three days. */
function showTime(ms, ticks) {
  const iso = new Date(ms).toISOString()
  return ticks.at(-1) - ticks[0] < 3 * 86_400_000 ? iso.slice(5, 16).replace('T', ' ') : iso.slice(0, 10)
}
