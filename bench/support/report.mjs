/** Whether a row of the final table reaches its goal. `undefined`: it has none. */
export function isReached({ value, goal }) {
  if (goal === undefined) return undefined
  return goal.atMost === undefined ? value >= goal.atLeast : value <= goal.atMost
}

export function printTable(rows) {
  const lines = rows.map((row) => [
    row.case,
    row.what,
    measured(row),
    spread(row),
    goalText(row),
    verdict(row),
  ])
  printLines(['case', 'measured', 'value', 'spread', 'goal', 'reached'], lines)
}

/** Prints lines of texts below their titles. */
export function printLines(titles, lines) {
  const widths = titles.map((title, at) => Math.max(title.length, ...lines.map((line) => line[at].length)))
  for (const line of [titles, widths.map((width) => '-'.repeat(width)), ...lines]) {
    console.log(
      line
        .map((text, at) => text.padEnd(widths[at]))
        .join('  ')
        .trimEnd(),
    )
  }
}

function measured({ value, unit }) {
  return `${number(value)} ${unit}`
}

function spread({ low, high }) {
  return low === undefined ? '' : `${number(low)} … ${number(high)}`
}

function goalText({ goal }) {
  if (goal === undefined) return ''
  return goal.atMost === undefined ? `>= ${goal.atLeast}` : `<= ${goal.atMost}`
}

function verdict(row) {
  const reached = isReached(row)
  if (reached === undefined) return ''
  return reached ? 'yes' : 'NO'
}

function number(value) {
  const digits = Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}
