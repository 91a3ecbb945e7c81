/** The value that a share of the values lies below. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b)
  const at = share * (sorted.length - 1)
  const below = Math.floor(at)
  const [low, high = low] = sorted.slice(below, below + 2)
  return low + (high - low) * (at - below)
}

/** The middle of the values and the quarter marks around it. Half of the values lie between the marks. */
export function summary(values) {
  return { value: quantile(values, 0.5), low: quantile(values, 0.25), high: quantile(values, 0.75) }
}

/** The middle of the values, and the smallest and the largest of them. */
export function extremes(values) {
  return { value: quantile(values, 0.5), low: Math.min(...values), high: Math.max(...values) }
}

/** One ratio per round, because a disturbance in a round hits both sides. */
export function ratios(values, others) {
  return values.map((value, round) => value / others[round])
}

/** The mean without a share of the values at each end, and its standard error (from the winsorised variance). */
export function trimmedMean(values, share) {
  const sorted = [...values].sort((a, b) => a - b)
  const cut = Math.floor(share * sorted.length)
  const kept = sorted.slice(cut, sorted.length - cut)
  const mean = kept.reduce((sum, value) => sum + value, 0) / kept.length
  const low = kept[0]
  const high = kept[kept.length - 1]
  const winsorised = values.map((value) => Math.min(Math.max(value, low), high))
  const middle = winsorised.reduce((sum, value) => sum + value, 0) / values.length
  const variance = winsorised.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1)
  return { mean, error: Math.sqrt(variance / values.length) / (1 - 2 * share) }
}

/** How fast costs grow with sizes: the slope of the straight line through their logarithms. Where both double, it is 1. */
export function exponent(sizes, costs) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length
  const x = sizes.map(Math.log)
  const y = costs.map(Math.log)
  const meanX = mean(x)
  const meanY = mean(y)
  const products = x.map((value, at) => (value - meanX) * (y[at] - meanY))
  return mean(products) / mean(x.map((value) => (value - meanX) ** 2))
}
