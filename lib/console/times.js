const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
]

/** How long something took: `84 ms`, `3.2 s`, `1 m 05 s`. */
export function showElapsed(ms) {
  if (ms < 100) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`
  return showRemaining(ms)
}

/** How long something lasts, in its two largest units: `4 d 23 h`, `59 s`. */
export function showRemaining(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1_000)) * 1_000
  const first = UNITS.findIndex(([, size]) => seconds >= size)
  if (first === -1) return '0 s'
  const [unit, size] = UNITS[first]
  const next = UNITS[first + 1]
  const whole = `${Math.floor(seconds / size)} ${unit}`
  if (!next) return whole
  const [smaller, smallerSize] = next
  return `${whole} ${String(Math.floor((seconds % size) / smallerSize)).padStart(2, '0')} ${smaller}`
}

const COUNT = new Intl.NumberFormat('en')

export function showCount(count) {
  return COUNT.format(count)
}

export function plural(count, noun) {
  return `${showCount(count)} ${noun}${count === 1 ? '' : 's'}`
}

const BYTE_UNITS = ['bytes', 'KB', 'MB', 'GB']

export function showBytes(bytes) {
  const power = Math.min(3, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  const amount = bytes / 1000 ** power
  return `${power === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${BYTE_UNITS[power]}`
}
