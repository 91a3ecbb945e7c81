import type { Response } from 'express'
import type { Clock } from '../../core/clock'
import type { Visit } from '../visit'

/** How often a slow answer goes on, in a second. */
const STEPS_PER_S = 10

/** What becomes of a body on its way to the client. */
interface Detour {
  pass(bytes: Buffer, send: (part: Buffer) => void): void
  end(finish: () => void): void
}

/** Sends the body of an answer through a detour. */
function divert(response: Response, { pass, end }: Detour): void {
  const write: (bytes: Buffer) => boolean = response.write.bind(response) as never
  const finish: () => void = response.end.bind(response) as never
  const send = (part: Buffer): void => {
    if (part.length === 0) response.flushHeaders()
    else write(part)
  }
  const take = (chunk: unknown, encoding: unknown): void => {
    if (typeof chunk === 'string') pass(Buffer.from(chunk, encoding as BufferEncoding), send)
    else if (chunk instanceof Uint8Array) pass(Buffer.from(chunk), send)
  }
  Object.assign(response, {
    write(chunk: unknown, encoding: unknown) {
      take(chunk, encoding)
      return true
    },
    end(chunk: unknown, encoding: unknown) {
      take(chunk, encoding)
      end(finish)
      return response
    },
  })
}

/** The answer is written, and the connection ends in its place. */
export function loseAnswer(visit: Visit): void {
  visit.break()
  divert(visit.response, {
    pass() {},
    end() {
      // The client never learns it. The test may want to.
      visit.noteId()
      visit.response.destroy()
    },
  })
}

/** The connection ends after so many bytes of the body. A shorter body is whole. */
export function cutBody(visit: Visit, bytes: number): void {
  endAfter(visit, bytes, () => {
    visit.break()
    // What is written still goes out.
    visit.response.socket?.destroySoon()
  })
}

/** Nothing more comes after so many bytes of the body. A shorter body is whole. */
export function stallBody(visit: Visit, bytes: number): void {
  endAfter(visit, bytes, () => {
    visit.break()
    void visit.hold(undefined)
  })
}

function endAfter(visit: Visit, bytes: number, stop: () => void): void {
  let left = bytes
  divert(visit.response, {
    pass(chunk, send) {
      if (left < 0) return
      send(chunk.subarray(0, left))
      left -= chunk.length
      if (left > 0) return
      left = -1
      stop()
    },
    end(finish) {
      if (left >= 0) finish()
    },
  })
}

/** The body comes at this speed, by the clock of the double. */
export function slowBody(visit: Visit, bytesPerSecond: number, clock: Clock): void {
  const stepBytes = Math.max(1, Math.round(bytesPerSecond / STEPS_PER_S))
  const stepMs = (stepBytes / bytesPerSecond) * 1_000
  let waiting = Buffer.alloc(0)
  let going: Promise<void> | undefined
  const goOn = async (send: (part: Buffer) => void): Promise<void> => {
    while (waiting.length > 0 && !visit.gone.aborted) {
      send(waiting.subarray(0, stepBytes))
      waiting = waiting.subarray(stepBytes)
      await visit.hold(new Promise((resolve) => void clock.setTimer(() => resolve(undefined), stepMs)))
    }
    going = undefined
  }
  divert(visit.response, {
    pass(chunk, send) {
      waiting = Buffer.concat([waiting, chunk])
      going ??= goOn(send)
    },
    end: (finish) => void (going ? going.then(finish) : finish()),
  })
}
