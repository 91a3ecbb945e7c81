import type { IncomingMessage } from 'node:http'
import { systemClock } from '../core/clock'
import { describeError } from '../core/describe-error'
import { printOnConsole } from '../core/logger'

const QUIET_MS = 60_000
/** More in a minute are invented. */
const MOST_REASONS = 100
const LONGEST_REASON = 200

/** Words of this length are tokens and keys. Names of hosts are shorter. */
const SECRET = /[\w.+=~-]{40,}/g

/** Writes to the console why callers are refused, since the answer does not say it: each reason once a minute. */
export function refusalsOnConsole(clock = systemClock) {
  const toldMs = new Map<string, number>()

  return (error: unknown, { headers: { authorization } }: Pick<IncomingMessage, 'headers'>): void => {
    for (const [told, timeMs] of toldMs) {
      // A clock may be set back.
      if (Math.abs(clock.now() - timeMs) >= QUIET_MS) toldMs.delete(told)
    }
    if (toldMs.size >= MOST_REASONS) return
    const reason = reasonOf(error, authorization)
    if (toldMs.has(reason)) return
    toldMs.set(reason, clock.now())
    printOnConsole('warn', `express-esql-async-query: a caller was refused: ${reason}`)
  }
}

function reasonOf(error: unknown, authorization = ''): string {
  const { cause } = Object(error)
  if (cause === undefined) return authorization ? 'the answer says why' : 'the request has no credentials'
  // A function of the host may quote what it got.
  const [, credentials = ''] = authorization.split(/ +/)
  const { message } = describeError(cause)
  const shown = credentials.length > 3 ? message.replaceAll(credentials, '…') : message
  return shown
    .replace(SECRET, '…')
    .replace(/\p{Cc}/gu, ' ')
    .slice(0, LONGEST_REASON)
}
