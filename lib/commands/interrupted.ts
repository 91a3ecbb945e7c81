/** npm sends Ctrl-C twice, so only the third ends at once. */
const LAST_SIGNAL = 3

/** Resolves at the first signal to end. What is to be done then has time until the third. */
export function untilInterrupted(): Promise<void> {
  let count = 0
  return new Promise((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(name, () => {
        count += 1
        if (count === LAST_SIGNAL) process.exit(1)
        resolve()
      })
    }
  })
}
