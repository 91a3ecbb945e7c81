import type { OptionalMethod, ResolvedHarness, StoreHarness } from './harness'
import { Subject } from './subject'

export interface Suite {
  harness: StoreHarness
  offers(method: OptionalMethod): boolean
  /** A test with a store of its own, which is closed after it. */
  test(title: string, body: (subject: Subject) => Promise<void>): void
}

export function testsOf(register: (suite: Suite) => void, resolved: ResolvedHarness) {
  const { harness, offers } = resolved
  const tests: { title: string; body: () => Promise<void> }[] = []
  register({
    harness,
    offers: (method) => offers.includes(method),
    test: (title, body) => tests.push({ title, body: () => run(body, resolved) }),
  })
  return tests
}

async function run(body: (subject: Subject) => Promise<void>, resolved: ResolvedHarness): Promise<void> {
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
