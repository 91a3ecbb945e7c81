import { exitWhenDone } from '../core/exit-when-done'
import { EXIT } from './exit-codes'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** npm sends Ctrl-C twice, so only the third ends at once. */
const LAST_SIGNAL = 3

/**
 * Calls `act` at the first signal to end. What is to be done then has time until the third, which ends the process with `exitCode`.
 * Returns what leaves the signals alone again.
 */
export function onInterrupt(act: () => void, exitCode: number): () => void {
  let count = 0
  const onSignal = (): void => {
    count += 1
    if (count === LAST_SIGNAL) process.exit(exitCode)
    if (count > 1) return
    exitWhenDone()
    act()
  }
  for (const name of SIGNALS) process.on(name, onSignal)
  return () => {
    for (const name of SIGNALS) process.off(name, onSignal)
  }
}

/** Resolves at the first signal to end. What ends the process then has time until the third. */
export function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    onInterrupt(resolve, EXIT.failed)
  })
}
