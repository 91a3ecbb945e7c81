import { CHECKS } from '../../lib/verify/all-checks'
import { BROKEN_SERVERS } from '../support/broken-servers'

describe('the checks', () => {
  it('have none that no broken server fails', () => {
    const caught = new Set(
      Object.values(BROKEN_SERVERS).flatMap((servers) => servers.flatMap((server) => server.caughtBy)),
    )
    expect([...caught].toSorted()).toEqual(CHECKS.map(({ name }) => name).toSorted())
  })
})
