import { closing, creation } from './create-and-close'
import { expiry } from './expiry'
import type { StoreHarness, TestRunner } from './harness'
import { resolveHarness } from './harness'
import { idempotency } from './idempotency'
import { concurrency, interruption } from './interruption'
import { largeResults } from './large-results'
import { failure, lifecycle } from './lifecycle'
import { listing } from './listing'
import { ownership } from './ownership'
import { replicas } from './replicas'
import { restart } from './restart'
import { snapshots } from './snapshots'
import type { Suite } from './suite'
import { testsOf } from './suite'
import { waiting } from './waiting'

export type { ApiTestRunner } from '../verify/describe'
export { describeEsqlAsyncApi } from '../verify/describe'
export type { CheckSelection } from '../verify/selection'
export type { EsqlAsyncApi } from '../verify/target'
export { EVERY_TYPE } from './every-type'
export type {
  HarnessOutcomes,
  HarnessQueries,
  OptionalMethod,
  SeedOptions,
  StoreHarness,
  TestRunner,
} from './harness'
export { ManualClock } from './manual-clock'
export { readRows } from './read-rows'

const GROUPS: Readonly<Record<string, (suite: Suite) => void>> = {
  harness: creation,
  lifecycle,
  waiting,
  expiry,
  ownership,
  interruption,
  concurrency,
  listing,
  idempotency,
  snapshots,
  'large results': largeResults,
  replicas,
  restart,
  failure,
  close: closing,
}

/**
 * Registers the contract of `AsyncQueryStore` as tests: a test for each promise of its documentation, for any
 * store and under any test runner. `docs/stores.md` has a harness to start from.
 *
 * Throws a `TypeError` when the harness lacks what the store's methods need.
 */
export function describeAsyncQueryStore(name: string, harness: StoreHarness, runner: TestRunner): void {
  const resolved = resolveHarness(harness)
  runner.describe(name, () => {
    for (const [group, register] of Object.entries(GROUPS)) {
      const tests = testsOf(register, resolved)
      // Some runners take a group without tests for a mistake.
      if (tests.length === 0) continue
      runner.describe(group, () => {
        for (const { title, body } of tests) runner.it(title, body)
      })
    }
  })
}
