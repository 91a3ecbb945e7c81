import { GROUPS, groupOf } from './check'
import type { CheckSelection } from './selection'
import type { EsqlAsyncApi } from './target'
import { Verifier } from './verify'

/** `describe` and `it` of any test runner. Where `it` has a `skip`, it gets the checks that are not asked, too. */
export interface ApiTestRunner {
  describe(name: string, body: () => void): void
  it: {
    (name: string, body: () => Promise<void>): void
    skip?(name: string, body: () => Promise<void>): void
  }
}

/**
 * Registers the checks of the command `verify` as tests: each asks a server whether it keeps the contract of
 * Elasticsearch's ES|QL async query API. They run under any test runner, against a server in any language, one after the
 * other, and delete the queries that they make.
 *
 * A check that is not asked, because the target lacks a query or a second caller for it or because `skip` names it, is
 * skipped. So is one that the server does not allow to be asked.
 *
 * Throws a `TypeError` for a name in `only` or `skip` that fits no check, and for a release that is none.
 */
export function describeEsqlAsyncApi(
  name: string,
  { only, skip, ...api }: EsqlAsyncApi & CheckSelection,
  { describe, it }: ApiTestRunner,
): void {
  const verifier = new Verifier(api, { ...(only && { only }), ...(skip && { skip }) })
  describe(name, () => {
    for (const group of GROUPS) {
      const planned = verifier.plan.filter(
        ({ check, skipped }) => groupOf(check) === group && (skipped === undefined || it.skip),
      )
      // Some runners take a group without tests for a mistake.
      if (planned.length === 0) continue
      describe(group, () => {
        for (const { check, skipped } of planned) {
          const title = `${check.name}: ${check.says}`
          if (skipped !== undefined) it.skip?.(`${title} (${skipped})`, async () => {})
          else
            it(title, async () => {
              const outcome = await verifier.ask(check)
              if (outcome.outcome === 'failed') throw failureOf(check.says, outcome)
            })
        }
      })
    }
  })
}

function failureOf(
  says: string,
  { reason, curl, got }: { reason: string; curl?: string | undefined; got?: string | undefined },
): Error {
  const details = [curl && `asked: ${curl}`, got && `got: ${got}`].filter(Boolean)
  const error = new Error([`The contract says: ${says}. But ${reason}.`, ...details].join('\n'))
  // The stack of the runner says nothing.
  error.stack = `Error: ${error.message}`
  return error
}
