import type { StoreHarness, TestRunner } from '../../lib/test-kit'
import { describeAsyncQueryStore } from '../../lib/test-kit'

interface ContractTest {
  title: string
  body: () => Promise<void>
}

/** The tests of the contract for a harness, without a test runner. */
export function contractTests(harness: StoreHarness): ContractTest[] {
  const tests: ContractTest[] = []
  const runner: TestRunner = {
    describe: (_name, body) => body(),
    it: (title, body) => tests.push({ title, body }),
  }
  describeAsyncQueryStore('a store', harness, runner)
  return tests
}

export function contractTitles(harness: StoreHarness): string[] {
  return contractTests(harness).map(({ title }) => title)
}

/** More at a time would hold each other up until they run out of patience. */
const AT_A_TIME = 16

/** The errors with which the tests of the contract fail. */
export async function contractErrors(
  createHarness: () => StoreHarness,
  titles: readonly string[] = contractTitles(createHarness()),
): Promise<{ title: string; error: Error }[]> {
  const failed: { title: string; error: Error }[] = []
  const left = titles.values()
  const runTheRest = async (): Promise<void> => {
    for (const title of left) {
      const test = contractTests(createHarness()).find((candidate) => candidate.title === title)
      await test?.body().catch((error) => failed.push({ title, error }))
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, runTheRest))
  return failed
}

/**
 * Runs the contract, or only its tests with these `titles`, and collects the titles that fail. Many run at the same time,
 * each with its own harness.
 */
export async function contractFailures(
  createHarness: () => StoreHarness,
  titles?: readonly string[],
): Promise<string[]> {
  return (await contractErrors(createHarness, titles)).map(({ title }) => title).toSorted()
}
