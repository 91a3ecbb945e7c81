import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'

/** Turns of the event loop in which happens what waits for nothing outside of this process. */
const BUSY_TURNS = 200

/**
 * Resolves when a condition holds that something under way fulfils at some time. What takes longer than some turns waits for another
 * process or for a timer, which get the processor meanwhile.
 */
export async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; !condition(); turn += 1) await (turn < BUSY_TURNS ? nextTurn() : pause(1))
}

/** Asks until the answer is the one that comes at some time, and resolves with it. Who is asked works on meanwhile. */
export async function answerThat<T>(fits: (answer: T) => boolean, ask: () => Promise<T>): Promise<T> {
  for (;;) {
    const answer = await ask()
    if (fits(answer)) return answer
    await pause(10)
  }
}
