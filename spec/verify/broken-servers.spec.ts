import { CHECKS } from '../../lib/verify/all-checks'
import type { GoodRun } from '../support/broken-servers'
import { BROKEN_SERVERS, failuresOf, noticing, runGood } from '../support/broken-servers'
import type { VerifiedServer } from '../support/verified-servers'
import { startMemory } from '../support/verified-servers'

/** Each answer is compared with the document by the checks, and this many times only there. */
const startGood = (): Promise<VerifiedServer> => startMemory({ isDocumented: false })

let goodRun: GoodRun

beforeAll(async () => {
  const server = await startGood()
  goodRun = await runGood(server).finally(() => server.close())
})

describe('the checks', () => {
  it('have none that no broken server fails', () => {
    const caught = new Set(
      Object.values(BROKEN_SERVERS).flatMap((servers) => servers.flatMap((server) => server.caughtBy)),
    )
    expect([...caught].toSorted()).toEqual(CHECKS.map(({ name }) => name).toSorted())
  })

  it('can notice no flaw that changes nothing, but for those that look at all answers', async () => {
    const names = await noticing({ flaw: 'none', caughtBy: [] }, goodRun)
    expect(names).toEqual(CHECKS.map(({ name }) => name).filter((name) => name.startsWith('document.')))
  })
})

describe.each(Object.entries(BROKEN_SERVERS))('a server that is right but for its %s', (_, servers) => {
  let server: VerifiedServer

  beforeAll(async () => {
    server = await startGood()
  })
  afterAll(() => server.close())

  const cases = servers.map((broken) => [broken.flaw, broken] as const)

  it.each(cases)('%s, fails just the checks of that', async (_, broken) => {
    const failed = await failuresOf(server, broken, { only: await noticing(broken, goodRun) })
    expect(failed).toEqual(expect.arrayContaining([...broken.caughtBy]))
    expect(failed.toSorted()).toEqual(broken.caughtBy.toSorted())
  })

  it.each(cases.slice(0, 1))('%s, passes all checks that cannot notice it, too', async (_, broken) => {
    const failed = await failuresOf(server, broken, { skip: await noticing(broken, goodRun) })
    expect(failed).toEqual([])
  })
})
