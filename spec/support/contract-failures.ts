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

/** The errors with which the tests of the contract fail. */
export async function contractErrors(
  createHarness: () => StoreHarness,
  titles: readonly string[] = contractTitles(createHarness()),
): Promise<{ title: string; error: Error }[]> {
  const outcomes = await Promise.all(
    titles.map(async (title) => {
      const test = contractTests(createHarness()).find((candidate) => candidate.title === title)
      return test?.body().then(
        () => [],
        (error) => [{ title, error }],
      )
    }),
  )
  return outcomes.flatMap((failed) => failed ?? [])
}

/**
 * Runs the contract, or only its tests with these `titles`, and collects the titles that fail. The tests run at the same
 * time, each with its own harness.
 */
export async function contractFailures(
  createHarness: () => StoreHarness,
  titles?: readonly string[],
): Promise<string[]> {
  return (await contractErrors(createHarness, titles)).map(({ title }) => title).toSorted()
}
