import type { Check } from '../../lib/verify/check'
import { groupOf } from '../../lib/verify/check'
import type { CheckSelection } from '../../lib/verify/selection'
import { Verifier, verify } from '../../lib/verify/verify'
import { brokenDocuments } from './broken-servers/document'
import { brokenErrors } from './broken-servers/errors'
import { brokenFormats } from './broken-servers/formats'
import { brokenLives } from './broken-servers/life'
import { brokenOwners } from './broken-servers/owners'
import type { BrokenServer, Exchange } from './broken-servers/proxy'
import { FlawedProxy, Rehearsal } from './broken-servers/proxy'
import { brokenWires } from './broken-servers/wire'
import type { VerifiedServer } from './verified-servers'

export type { BrokenServer } from './broken-servers/proxy'

/** Servers that are right but for one flaw, by the group of checks that is about it. */
export const BROKEN_SERVERS: Readonly<Record<string, readonly BrokenServer[]>> = {
  wire: brokenWires,
  life: brokenLives,
  owners: brokenOwners,
  formats: brokenFormats,
  errors: brokenErrors,
  document: brokenDocuments,
}

/** What each check asks a good server, up to the deletes at its end. Each passes. */
export type GoodRun = ReadonlyMap<Check, readonly Exchange[]>

export async function runGood({ api }: VerifiedServer): Promise<GoodRun> {
  const proxy = await new FlawedProxy(String(api.url), { flaw: 'none', caughtBy: [] }).listen()
  const verifier = new Verifier({ ...api, url: proxy.url }, {}, proxy.clock)
  const run = new Map<Check, readonly Exchange[]>()
  try {
    for (const { check } of verifier.plan) {
      expect([check.name, await verifier.ask(check)]).toEqual([check.name, { outcome: 'passed' }])
      run.set(check, proxy.exchanges.splice(0))
    }
    return run
  } finally {
    verifier.close()
    await proxy.close()
  }
}

/** Asks a good server with a flaw in front of it. Resolves with the names of the checks that fail. */
export async function failuresOf(
  { api }: VerifiedServer,
  broken: BrokenServer,
  selection: CheckSelection,
): Promise<string[]> {
  const proxy = await new FlawedProxy(String(api.url), broken).listen()
  try {
    const { results } = await verify({ ...api, url: proxy.url }, { ...selection, clock: proxy.clock })
    return results.filter(({ outcome }) => outcome === 'failed').map(({ check }) => check.name)
  } finally {
    await proxy.close()
  }
}

/**
 * The names of the checks that can notice a flaw: those in whose good run it changes something, and those that look at the
 * answers to all others. Any other check would see the good run again, and pass.
 */
export async function noticing(broken: BrokenServer, goodRun: GoodRun): Promise<string[]> {
  const rehearsal = new Rehearsal(broken)
  const names: string[] = []
  for (const [check, exchanges] of goodRun) {
    let isNoticed = groupOf(check) === 'document'
    for (const exchange of exchanges) isNoticed = (await rehearsal.isNoticed(exchange)) || isNoticed
    if (isNoticed) names.push(check.name)
  }
  return names
}
