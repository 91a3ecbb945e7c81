import { isDate, isNumeric, numberOf, textOf } from './cells.js'

/** Columns whose cells name things. */
const NAMES = new Set(['keyword', 'text', 'ip', 'version', 'boolean'])

export const MOST_BARS = 40
/** More points than a screen has columns are drawn as the lowest and the highest of each stretch. */
const MOST_POINTS = 600

/** The columns that can be drawn, and which of them tell the most. `undefined` if there is no number. */
export function axesOf({ columns, values }) {
  const ys = columns.filter((column) => isNumeric(column) && hasNumbers(columns.indexOf(column), values))
  if (ys.length === 0) return undefined
  const xs = columns.filter((column) => isDate(column) || NAMES.has(column.type))
  const inOrder = xs.find((column) => isDate(column) && isAscending(columns.indexOf(column), values))
  const named = values.length <= MOST_BARS ? xs.find((column) => NAMES.has(column.type)) : undefined
  const y = ys.find(({ type }) => type === 'double') ?? ys[0]
  return { ys, xs, y, x: inOrder ?? named }
}

/** What to draw for two columns. Without `x`, the number of the row is in its place. */
export function pointsOf({ columns, values }, x, y) {
  const [xAt, yAt] = [columns.indexOf(x), columns.indexOf(y)]
  const points = values.flatMap((row, at) => {
    const value = numberOf(row[yAt])
    const place = placeOf(x, row[xAt], at)
    return value === undefined || place === undefined ? [] : [{ ...place, y: value, text: textOf(row[yAt]) }]
  })
  if (x && !isDate(x)) return { kind: 'bars', points: points.slice(0, MOST_BARS), count: points.length }
  points.sort((a, b) => a.x - b.x)
  return { kind: 'line', points: thinned(points), count: points.length }
}

function placeOf(x, value, at) {
  if (!x) return { x: at + 1, label: `row ${at + 1}` }
  if (!isDate(x)) return { x: at, label: textOf(value) }
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(ms) ? undefined : { x: ms, label: value }
}

function hasNumbers(at, values) {
  return values.some((row) => numberOf(row[at]) !== undefined)
}

function isAscending(at, values) {
  return values.length > 2 && values.every((row, index) => index === 0 || values[index - 1][at] <= row[at])
}

function thinned(points) {
  if (points.length <= MOST_POINTS) return points
  const size = Math.ceil(points.length / (MOST_POINTS / 2))
  const kept = []
  for (let begin = 0; begin < points.length; begin += size) {
    const stretch = points.slice(begin, begin + size)
    const low = stretch.reduce((least, point) => (point.y < least.y ? point : least))
    const high = stretch.reduce((most, point) => (point.y > most.y ? point : most))
    kept.push(...(low === high ? [low] : low.x < high.x ? [low, high] : [high, low]))
  }
  return kept
}

/** Round numbers that cover a range. */
export function ticksOf(least, most, count = 5) {
  const span = most - least || Math.abs(most) || 1
  const rough = span / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough)
  const first = Math.floor(least / step)
  const last = Math.max(first + 1, Math.ceil(most / step))
  return Array.from({ length: last - first + 1 }, (_, at) => (first + at) * step)
}
