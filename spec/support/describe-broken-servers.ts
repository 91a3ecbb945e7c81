import { BROKEN_SERVERS, verifyBroken } from './broken-servers'
import type { VerifiedServer } from './verified-servers'
import { startMemory } from './verified-servers'

/** Checks that each broken server of a group is caught, by the checks that are concerned and by no others. */
export function describeBrokenServers(group: string): void {
  describe(`a server that is right but for its ${group}`, () => {
    let server: VerifiedServer

    beforeAll(async () => {
      // Each answer is compared with the document by the checks, and this many times only there.
      server = await startMemory({ isDocumented: false })
    })
    afterAll(() => server.close())

    it.each((BROKEN_SERVERS[group] ?? []).map((broken) => [broken.flaw, broken] as const))(
      '%s, fails just the checks of that',
      async (_, broken) => {
        const { results } = await verifyBroken(server, broken)
        const failed = results.filter(({ outcome }) => outcome === 'failed').map(({ check }) => check.name)
        expect(failed).toEqual(expect.arrayContaining([...broken.caughtBy]))
        expect(failed.toSorted()).toEqual(broken.caughtBy.toSorted())
      },
    )
  })
}
