import type { Readable } from 'node:stream'
import type { Clock } from '../../../core/clock'
import { UnusableAnswerError } from '../outage'

/** Breaks off a body that has stopped coming, unless it stopped because nobody reads it. */
export function breakOffSilence(body: Readable, clock: Clock, silenceMs: number): void {
  let heardMs = clock.now()
  const hear = (): void => {
    heardMs = clock.now()
  }
  // Every chunk goes through `push`. A listener for the data would make the stream flow.
  const push = body.push
  body.push = (...chunk) => {
    hear()
    return push.apply(body, chunk)
  }
  body.on('resume', hear)
  const check = (): void => {
    if (body.isPaused() || body.readableLength > 0) hear()
    const leftMs = heardMs + silenceMs - clock.now()
    if (leftMs > 0) cancel = clock.setTimer(check, leftMs)
    else body.destroy(new UnusableAnswerError('the cluster has fallen silent in the middle of an answer'))
  }
  let cancel = clock.setTimer(check, silenceMs)
  body.on('close', () => cancel())
}
