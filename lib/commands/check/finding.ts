import { types } from 'node:util'

/** What a check has come to. A warning is for a person to look at, and fails nothing. */
export type Outcome = 'ok' | 'warning' | 'failed' | 'skipped'

export interface Answer {
  outcome: Outcome
  /** What there is, or what is wrong. */
  says: string
  /** What to do about it. */
  todo?: string | undefined
}

export interface Finding extends Answer {
  check: string
}

export const ok = (says: string): Answer => ({ outcome: 'ok', says })
export const skipped = (says: string): Answer => ({ outcome: 'skipped', says })
export const failed = (says: string, todo?: string): Answer => ({ outcome: 'failed', says, todo })

/** Every message of an error and its causes, each once: what went wrong mostly stands in the last of them. */
export function reasonsOf(error: unknown): string {
  const messages: string[] = []
  for (let cause = error; types.isNativeError(cause) && messages.length < 5; cause = causeOf(cause)) {
    const { message } = cause
    if (message !== '' && !messages.some((said) => said.includes(message))) messages.push(message)
  }
  return messages.join(': ') || String(error)
}

/** Where a name has several addresses, the error of a socket has its text in the parts. */
function causeOf(error: Error): unknown {
  return error instanceof AggregateError ? error.errors[0] : error.cause
}
