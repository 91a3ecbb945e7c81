const GRACE_MS = 10_000

/**
 * A test that fails may leave a server behind, which would keep the run from ending. So the run waits for a while, names
 * what it waits for, and ends with the result of its tests.
 */
export default function endOfRun(): void {
  setTimeout(() => {
    const left = [...new Set(process.getActiveResourcesInfo())].join(', ')
    process.stderr.write(`The tests have left something behind: ${left}\n`)
    process.exit()
  }, GRACE_MS).unref()
}
