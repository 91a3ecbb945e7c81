import { AssertionError } from 'node:assert/strict'
import { shown } from './assertions'
import type { OptionalMethod, ResolvedHarness, StoreHarness } from './harness'
import { Subject } from './subject'

export interface Suite {
  harness: StoreHarness
  /** The optional methods whose presence the harness tells. */
  settled: readonly OptionalMethod[]
  offers(method: OptionalMethod): boolean
  /** A test with a store of its own, which is closed after it. */
  test(title: string, body: (subject: Subject) => Promise<void>): void
}

export function testsOf(register: (suite: Suite) => void, resolved: ResolvedHarness) {
  const { harness, offers, settled } = resolved
  const tests: { title: string; body: () => Promise<void> }[] = []
  register({
    harness,
    settled,
    offers: (method) => offers.includes(method),
    test(title, body) {
      const run = () =>
        runWithStore(body, resolved).catch((error) => {
          throw breach(title, error)
        })
      tests.push({ title, body: run })
    },
  })
  return tests
}

async function runWithStore(
  body: (subject: Subject) => Promise<void>,
  resolved: ResolvedHarness,
): Promise<void> {
  const subject = new Subject(await resolved.harness.create(), resolved)
  try {
    await body(subject)
  } catch (error) {
    // The first error matters. A store in that state may not close.
    await closeIfOffered(subject).catch(() => {})
    throw error
  }
  await closeIfOffered(subject)
}

async function closeIfOffered(subject: Subject): Promise<void> {
  if (subject.store.close) await subject.close()
}

/** The failure of a test in sentences: what the contract says, and what is the case. The cause has the place. */
function breach(title: string, cause: unknown): Error {
  return new Error(`The contract says: ${title}. But ${findings(cause).replace(/\.$/, '')}.`, { cause })
}

function findings(error: unknown): string {
  if (!(error instanceof AssertionError)) return `a call threw ${shown(error)}`
  const { generatedMessage, message, actual, expected } = error
  if (generatedMessage) return `${shown(actual)} came in place of ${shown(expected)}`
  // Some releases of Node.js write a comparison below the message.
  return message.split('\n', 1).join()
}
