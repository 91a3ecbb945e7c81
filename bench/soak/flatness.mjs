const MIB = 2 ** 20

/**
 * How much memory may grow from the rest before the load to the rest after it, for code that is compiled late and
 * caches that fill. This gateway serves 60,000 requests in ten minutes. If each leaves 70 bytes behind, that is more.
 */
const GROWTH_AT_REST_MIB = 4

/** The load always holds some results, by chance more or fewer. */
const GROWTH_UNDER_LOAD = 0.2

/**
 * Rows of the report that say whether the steady gateway holds no more than before. `isLong`: the load went on long
 * enough to tell growth of the heap from chance. `lateConnections`: those that its first request opens for good.
 */
export function judgeFlatness(
  { before, after, samples, capacityBefore, capacityAfter, lateConnections },
  isLong,
) {
  const ifLong = (goal) => (isLong ? { goal } : {})
  const heaps = samples.map(({ heapUsed, external }) => (heapUsed + external) / MIB)
  const third = Math.floor(heaps.length / 3)
  const first = mean(heaps.slice(0, third))
  const last = mean(heaps.slice(heaps.length - third))
  const trend = trendOf(heaps)
  return [
    { what: 'heap at rest before the load', value: heapOf(before), unit: 'MiB' },
    { what: 'heap at rest after the load', value: heapOf(after), unit: 'MiB' },
    {
      what: 'growth of the heap from rest to rest',
      value: heapOf(after) - heapOf(before),
      unit: 'MiB',
      ...ifLong({ atMost: GROWTH_AT_REST_MIB }),
    },
    {
      what: 'heap under load',
      value: mean(heaps),
      low: Math.min(...heaps),
      high: Math.max(...heaps),
      unit: 'MiB',
    },
    {
      what: 'heap in the last third of the load / in the first',
      value: last / first,
      unit: 'x',
      ...ifLong({ atMost: 1 + GROWTH_UNDER_LOAD }),
    },
    {
      what: 'growth of the heap under load by its slope, less twice the standard error',
      value: trend.growth - 2 * trend.error,
      low: trend.growth - 2 * trend.error,
      high: trend.growth + 2 * trend.error,
      unit: 'MiB',
      ...ifLong({ atMost: Math.round(GROWTH_UNDER_LOAD * mean(heaps)) }),
    },
    { what: 'process memory at rest before the load', value: before.rss / MIB, unit: 'MiB' },
    { what: 'process memory at rest after the load', value: after.rss / MIB, unit: 'MiB' },
    { what: 'descriptors under load', ...spreadOf(samples.map(({ descriptors }) => descriptors)), unit: '' },
    {
      what: 'descriptors at rest after the load, above those before it',
      value: after.descriptors - before.descriptors - lateConnections,
      unit: '',
      goal: { atMost: 0 },
    },
    {
      what: 'active handles at rest after the load, above those before it',
      value: countOf(after.handles) - countOf(before.handles),
      unit: '',
      goal: { atMost: 0 },
    },
    { what: 'waiting under load', ...spreadOf(samples.map(({ waiting }) => waiting)), unit: '' },
    { what: 'waiting at rest after the load', value: after.waiting, unit: '', goal: { atMost: 0 } },
    ...['queries', 'results'].map((what) => ({
      what: `${what} that the memory store takes after the load, of those before it`,
      value: capacityAfter[what] / capacityBefore[what],
      unit: 'x',
      goal: { atLeast: 1 },
    })),
  ]
}

/** How much a straight line through all samples grows, and its standard error. */
function trendOf(values) {
  const middle = (values.length - 1) / 2
  const average = mean(values)
  const squares = values.reduce((sum, _, at) => sum + (at - middle) ** 2, 0)
  const slope = values.reduce((sum, value, at) => sum + (at - middle) * (value - average), 0) / squares
  const rest = values.reduce((sum, value, at) => sum + (value - average - slope * (at - middle)) ** 2, 0)
  const error = Math.sqrt(rest / (values.length - 2) / squares)
  return { growth: slope * (values.length - 1), error: error * (values.length - 1) }
}

function heapOf({ heapUsed, external }) {
  return (heapUsed + external) / MIB
}

export function countOf(handles) {
  return Object.values(handles).reduce((sum, count) => sum + count, 0)
}

function spreadOf(values) {
  return { value: mean(values), low: Math.min(...values), high: Math.max(...values) }
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
