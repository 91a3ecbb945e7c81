import { untouchedClock } from '../../core/clock'
import { QueryError } from '../../core/errors'
import { readDuration } from '../duration'

/** How long a request of the control waits unless it says so. */
const DEFAULT_TIMEOUT = '10s'

/** Waits for something in real time, until the client leaves. Rejects with a 408 that says what is missing. */
export async function withinTime<T>(
  { timeout = DEFAULT_TIMEOUT, gone }: { timeout: string | undefined; gone: AbortSignal },
  wait: (signal: AbortSignal) => Promise<T>,
  describe: () => string,
): Promise<T> {
  const ending = new AbortController()
  const leave = (): void => ending.abort(new QueryError('task_cancelled_exception', 'the client has left'))
  gone.addEventListener('abort', leave, { once: true })
  const cancelTimer = untouchedClock.setTimer(
    () =>
      ending.abort(new QueryError('timeout_exception', `after ${timeout}, ${describe()}`, { status: 408 })),
    readDuration('timeout', timeout),
    { background: true },
  )
  try {
    return await wait(ending.signal)
  } finally {
    cancelTimer()
    gone.removeEventListener('abort', leave)
  }
}
