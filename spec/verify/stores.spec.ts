import type { Verification } from '../../lib/verify/verify'
import { verify } from '../../lib/verify/verify'
import type { VerifiedServer } from '../support/verified-servers'
import { VERIFIED_SERVERS } from '../support/verified-servers'

/** The cluster decides who may list. */
const STRANGERS_MAY_NOT_LIST = {
  name: 'owners.list.own',
  outcome: 'skipped',
  reason: 'a stranger may not list queries',
  ms: expect.any(Number),
}

describe.each(Object.entries(VERIFIED_SERVERS))('%s behind a gateway', (name, start) => {
  let server: VerifiedServer
  let verification: Verification

  beforeAll(async () => {
    server = await start()
    verification = await verify(server.api)
  }, 120_000)
  afterAll(() => server.close())

  it('passes every check that it lets be asked', () => {
    const others = verification.results.filter(({ outcome }) => outcome !== 'passed')
    const skipped = others.map(({ check, ...rest }) => ({ name: check.name, ...rest }))
    expect(skipped).toEqual(name.startsWith('Elasticsearch') ? [STRANGERS_MAY_NOT_LIST] : [])
  })

  it('is left without queries', () => {
    expect(verification.leftBehind).toEqual([])
  })
})
